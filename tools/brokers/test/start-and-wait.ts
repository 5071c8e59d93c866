import { startRedis } from '../src/index.js'

const redis = await startRedis()
const [, folder] = (await redis.command('CONFIG', 'GET', 'dir')) as [string, string]
console.log(JSON.stringify({ processId: redis.processId, folder }))
setInterval(() => {}, 60_000)
