import { randomBytes } from 'node:crypto'
import { guard } from '../process/guard.js'
import { runCommand } from '../process/run-command.js'
import { untilReady } from '../process/until-ready.js'
import { composeCommand, composeEnvironment, type DockerService } from './docker-compose.js'

export interface DockerPlan {
  readonly service: DockerService
  readonly port: number
  /** The port of Pulsar's HTTP interface. Other services ignore it. */
  readonly webPort: number
  readonly probe: () => Promise<void>
  readonly startTimeoutMs: number
}

/** Starts one service of compose.yaml as a separate project. Answers the function that removes the service and its data. */
export async function startInDocker(plan: DockerPlan): Promise<() => Promise<void>> {
  const project = `wal-${plan.service}-${randomBytes(4).toString('hex')}`
  const env = { ...process.env, ...composeEnvironment(plan.service, plan.port, plan.webPort) }
  const compose = (...words: string[]) => {
    const [program, ...args] = composeCommand(project, ...words)
    return runCommand(program, args, { env })
  }
  const removal = ['down', '--volumes', '--timeout', '5']
  const unguard = guard({ command: composeCommand(project, ...removal) })
  const stop = async () => {
    await compose(...removal)
    unguard()
  }
  try {
    await compose('up', '--detach', plan.service)
    await untilReady(plan.probe, {
      what: `${plan.service} in Docker`,
      timeoutMs: plan.startTimeoutMs,
      ended: () => false,
      logs: () => `docker compose --project-name ${project} logs`,
    })
  } catch (error) {
    const lastWords = await compose('logs', '--tail', '30').catch((refusal: Error) => refusal.message)
    await stop()
    throw new Error(`${(error as Error).message}\n${lastWords}`, { cause: error })
  }
  return stop
}
