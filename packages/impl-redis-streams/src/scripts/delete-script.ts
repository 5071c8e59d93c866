import { defineScript } from './script.js'

/**
 * Removes a log, and wakes its readers, who then find it gone. Argument: the publish command. Answers `ok`, or `gone` when
 * there is no log.
 */
export const deleteScript = defineScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return {'gone'} end
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.pcall(ARGV[1], KEYS[1] .. ':wake', '')
return {'ok'}
`)
