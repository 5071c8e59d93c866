import { RequestBody } from './kafka-bytes.js'
import { checkAnswer, request } from './kafka-connection.js'

const resources = { topic: 2, group: 3, cluster: 4, 'transactional-id': 5 } as const
const patterns = { literal: 3, prefixed: 4 } as const
const permissions = { deny: 2, allow: 3 } as const
const operations = {
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  'cluster-action': 9,
  'describe-configs': 10,
  'alter-configs': 11,
  'idempotent-write': 12,
} as const
/** In a filter this number stands for every resource, pattern, operation or permission. */
const any = 1

export type KafkaOperation = keyof typeof operations

/** What a user may do with a resource. */
export interface KafkaAcl {
  /** The name of a user, or of a client's certificate, such as `CN=client`. */
  readonly user: string
  readonly resource: keyof typeof resources
  /** The resource's name; `*` stands for every name. The cluster has one name, which need not be given. */
  readonly name?: string
  /** With 'prefixed', the entry is about all resources whose name begins with `name`. Default: 'literal'. */
  readonly pattern?: keyof typeof patterns
  readonly operations: readonly KafkaOperation[]
  /** An entry that denies wins over all that allow. Default: 'allow'. */
  readonly permission?: keyof typeof permissions
}

/** One entry as the broker keeps it. */
interface Entry {
  readonly resource: number
  readonly name: string
  readonly pattern: number
  readonly principal: string
  readonly operation: number
  readonly permission: number
}

/** Adds entries to the access control list, at the broker that listens on `port`. */
export async function createAcls(port: number, acls: readonly KafkaAcl[]): Promise<void> {
  const body = new RequestBody()
  body.array(acls.flatMap(entries), ({ resource, name, pattern, principal, operation, permission }) =>
    body
      .int8(resource)
      .string(name)
      .int8(pattern)
      .string(principal)
      .string('*')
      .int8(operation)
      .int8(permission),
  )
  const asked = { name: 'CreateAcls', key: 30, version: 1, body }
  const answer = await request(port, asked)
  answer.int32()
  answer.array(() => checkAnswer(asked, answer.int16(), answer.string()))
}

/** Throws unless the broker that listens on `port` has learnt of all these entries, and so acts by them. */
export async function checkAcls(port: number, acls: readonly KafkaAcl[]): Promise<void> {
  const known = new Set((await describeAcls(port)).map((entry) => JSON.stringify(entry)))
  const unknown = acls.flatMap(entries).filter((entry) => !known.has(JSON.stringify(entry)))
  if (unknown.length > 0) throw new Error(`it lacks the entries ${JSON.stringify(unknown)}`)
}

async function describeAcls(port: number): Promise<Entry[]> {
  const body = new RequestBody().int8(any).string(null).int8(any)
  body.string(null).string(null).int8(any).int8(any)
  const asked = { name: 'DescribeAcls', key: 29, version: 1, body }
  const answer = await request(port, asked)
  answer.int32()
  checkAnswer(asked, answer.int16(), answer.string())
  const lists = answer.array(() => {
    const resource = answer.int8()
    const name = answer.string() ?? ''
    const pattern = answer.int8()
    return answer.array(() => {
      const principal = answer.string() ?? ''
      answer.string()
      return { resource, name, pattern, principal, operation: answer.int8(), permission: answer.int8() }
    })
  })
  return lists.flat()
}

function entries(acl: KafkaAcl): Entry[] {
  const { user, resource, pattern = 'literal', permission = 'allow' } = acl
  const name = resource === 'cluster' ? 'kafka-cluster' : acl.name
  if (name === undefined) throw new Error(`An entry about a ${resource} has to have a name, or '*'.`)
  return acl.operations.map((operation) => ({
    resource: resources[resource],
    name,
    pattern: patterns[pattern],
    principal: `User:${user}`,
    operation: operations[operation],
    permission: permissions[permission],
  }))
}
