import { fileBuilder } from '/work/main/packages/impl-file/src/index.ts'
import { systemRuntime } from '@wal/walimpls'
import { rmSync } from 'node:fs'
const path='/work/tmp-filebench2'
rmSync(path,{recursive:true,force:true})
const files={...systemRuntime.files, async open(p:string,m:any){const f=await systemRuntime.files.open(p,m); return m==='create'?{...f,writeDurably:async()=>{} ,size:async()=>0}:f}}
const opener = await fileBuilder.build({path, segmentBytes: 1<<30}, {...systemRuntime,files} as any)
const wal = await opener.open('orders', {term:1,incarnation:'abc'})
const payload = Buffer.alloc(256,7)
for (const [name,properties] of [['8props',['_v','1','_t','1','_tt','2x7hs82hs8','_wt','1','_vc','eu','_lcs','','_wi','abcdefgh','kind','created']],['none',[]]] as const) {
const messages=Array(500).fill({payload,properties})
let seq=0
for (let r=0;r<3;r++){
const t=performance.now(); const N=2000
for(let i=0;i<N;i++) {await wal.append({sequence:seq,messages,bytes:500*340}); seq+=500}
const ms=performance.now()-t
console.log(name,(N*500/ms*1000)|0,'rec/s cpu-bound')}
}
await opener.close()
