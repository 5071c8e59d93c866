import { fileBuilder } from '/work/main/packages/impl-file/src/index.ts'
import { systemRuntime } from '@wal/walimpls'
import { rmSync } from 'node:fs'
const path='/work/tmp-filebench'
rmSync(path,{recursive:true,force:true})
const opener = await fileBuilder.build({path, segmentBytes: 64<<20}, systemRuntime)
const writer={term:1,incarnation:'abc'}
const wal = await opener.open('orders', writer)
const payload = Buffer.alloc(256,7)
const properties=['_v','1','_t','1','_tt','2x7hs82hs8','_wt','1','_vc','eu','_lcs','','_wi','abcdefgh','kind','created']
const msg={payload,properties}
const bytes=256+properties.join('').length
let seq=0
const batch=(n:number)=>{const b={sequence:seq,messages:Array(n).fill(msg),bytes:n*bytes};seq+=n;return b}
await wal.append(batch(1))
let t=performance.now()
const N=Number(process.argv[2]??2000)
let prev:Promise<unknown>=Promise.resolve()
for(let i=0;i<N;i++){ const p=wal.append(batch(500)); await prev; prev=p }
await prev
let ms=performance.now()-t
console.log('500-batches', (N*500/ms*1000)|0,'rec/s', N*500)
t=performance.now()
for(let i=0;i<3000;i++) await wal.append(batch(1))
ms=performance.now()-t
console.log('single', (3000/ms*1000)|0,'/s')
t=performance.now()
console.log((await wal.last())?.id, performance.now()-t,'ms last')
t=performance.now()
const s=wal.read({start:'oldest',maxBytes:1<<20})
let n=0
for(;;){const b=await s.next(); if(!b||b.length===0)break; for(const m of b){n++; if(m.id.value!==n) throw new Error('id '+m.id.value+' '+n)}}
ms=performance.now()-t
console.log('read',n,(n/ms*1000)|0,'/s')
await s.close()
await wal.close()
const ro=await opener.openReadOnly('orders')
t=performance.now(); console.log((await ro.last())?.id, performance.now()-t,'ms last cold')
console.log(await opener.list(), ro.guarantees.warnings)
const wal2=await opener.open('orders',{term:2,incarnation:'b'}); seq=0
t=performance.now(); console.log((await wal2.append(batch(1)))[0], performance.now()-t,'ms takeover')
await opener.close()
