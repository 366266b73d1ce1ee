from __future__ import annotations
import asyncio, random
from pathlib import Path
from typing import Any
import pytest
from rolecall.domain.errors import NotFound, RolecallError, Unavailable
from rolecall.domain.records import CallMemberRecord, UserRecord
from rolecall.service.watching import following as fm
from tests.property.test_followings import *
from tests.property.test_followings import _expected, _roster, _user,_delete_user,_elsewhere,_members,_standing,_call,_types,_app

async def _remake(desk, chance):
    async with desk.other.transaction(desk.app.id) as tx:
        rec = None
        async with desk.store.snapshot(desk.app.id) as r:
            rec = await r.call(CALL)
            there = sorted(await r.users(USERS))
        if rec is None: return
        await tx.delete_call(CALL)
        await tx.put_call(rec)
        await tx.put_call_members(CALL, [CallMemberRecord(u) for u in chance.sample(there, k=min(len(there), chance.randint(0,3)))])

async def _reuser(desk, chance):
    u = chance.choice(USERS)
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.delete_users([u]) if hasattr(tx,'delete_users') else await tx.delete_user(u)
        await tx.put_user(UserRecord(u, role=chance.choice(('user','admin'))))
        if chance.random()<.6:
            await tx.put_call_member(CALL, CallMemberRecord(u, role=chance.choice((None,'admin')) or 'call_member'))

async def _member_elsewhere(desk, chance):
    async with desk.store.snapshot(desk.app.id) as r:
        there = sorted(await r.users(USERS))
    if not there: return
    u=chance.choice(there)
    async with desk.other.transaction(desk.app.id) as tx:
        if chance.random()<.5: await tx.put_call_member(CALL, CallMemberRecord(u, role=chance.choice(('call_member','admin'))))
        else: await tx.delete_call_members(CALL,[u])

async def _reload(desk, chance):
    if chance.random()<.3: await desk.index._reload()

ALL=(_user,_user,_delete_user,_elsewhere,_members,_members,_standing,_call,_types,_app,_remake,_remake,_reuser,_reuser,_member_elsewhere,_member_elsewhere,_reload)
T=Question(call=CALL)
async def _roster(desk, target):
    after, ids = '', []
    while after is not None:
        page = await desk.administration.rosters.page(desk.app.id, target, after); ids += page.user_ids; after = page.after
    return await _expected(desk, ids, target)

@pytest.mark.parametrize("seed", range(24))
async def test_x(tmp_path: Path, seed: int, monkeypatch) -> None:
    monkeypatch.setattr(fm,'_TOGETHER',2)
    from rolecall.service.administration import rosters
    monkeypatch.setattr(rosters,'_PAGE',3)
    async def dog():
        await asyncio.sleep(12)
        for t in asyncio.all_tasks(): print('TASK'); t.print_stack(file=__import__('sys').stdout)
    dg=asyncio.create_task(dog())
    chance = random.Random(seed); print('SEED',seed)
    path = str(tmp_path / "rolecall.db")
    store, other = await StagedStore.open(path), await Store.open(path)
    app, _, _ = await create_app(store, "acme")
    async with store.transaction(app.id) as tx:
        await tx.put_users([UserRecord(user) for user in USERS])
    index = Index(store, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
    await index.start()
    desk = Desk(store, other, app, index)
    await desk.administration.calls.upsert(desk.server, CallChange(CALL, members=tuple(CallMemberChange(u) for u in USERS[:4])))
    await desk.administration.channels.upsert(desk.server, ChannelChange(CHANNEL))
    async with posted(desk) as post:
        async def reading(user, box):
            """open, read on; reopen on end"""
            while True:
                try:
                    r = await follow(post, user, call=CALL)
                except RolecallError as e:
                    await asyncio.sleep(0); continue
                box['r']=r
                try:
                    while True:
                        upd = await r.following.next()
                        for u in upd:
                            from tests.unit.service.followers import _message
                            m=_message(u); print(user or '*',id(r)%10000,m.user_id,m.cause,len(m.own),m.revision,m.complete,u.change.left); r._believe(m)
                            if u.change.left and not user: pass
                        for _ in range(chance.randint(0,3)): await asyncio.sleep(0)
                except RolecallError as e:
                    print(user or '*',id(r)%10000,'END',e); r.following.close()
                    assert isinstance(e,(NotFound,Unavailable)), e
        boxes={}; tasks=[]
        for user in ("","",*USERS[:3]):
            b={}; boxes[len(tasks)]=(user,b); tasks.append(asyncio.create_task(reading(user,b)))
        for step in range(30):
            for _ in range(chance.choice((1, 2, 4))):
                op=chance.choice(ALL); print('OP',step,op.__name__); await op(desk, chance)
                if chance.random()<.3: await index.refresh()
                if chance.random()<.3: # a stream begins now
                    t=chance.randrange(len(tasks)); tasks[t].cancel()
                    try: await tasks[t]
                    except asyncio.CancelledError: pass
                    [x.following.close() for x in [boxes[t][1].pop('r',None)] if x]
                    tasks[t]=asyncio.create_task(reading(*boxes[t]))
                    for _ in range(chance.randint(0,6)): await asyncio.sleep(0)
            await post.quiet()
            for _ in range(200): 
                await asyncio.sleep(0)
            for _ in range(200):
                await asyncio.sleep(0.001)
                if all('r' in b and b['r'].complete and not b['r'].following._waiting for _,b in boxes.values()) : break
            await post.quiet()
            for _ in range(20): await asyncio.sleep(0)
            for t in tasks:
                if t.done(): t.result()
            for user,b in boxes.values():
                r=b['r']; 
                wanted = await _expected(desk,[user],T) if user else await _roster(desk,T)
                assert r.complete
                assert r.own == wanted, (seed, step, user, {k:(r.own.get(k),wanted.get(k)) for k in {*r.own,*wanted} if r.own.get(k)!=wanted.get(k)})
        for t in tasks:
            t.cancel()
            try: await t
            except asyncio.CancelledError: pass
        [b['r'].following.close() for _,b in boxes.values()]
        assert len(post.watching)==1
        assert not post.watching._rosters
    dg.cancel()
    await index.stop(); await other.close(); await store.close()
