export type Reply = string | number | null | readonly Reply[]

/** An error that the server answered with. */
export class RedisReplyError extends Error {}
