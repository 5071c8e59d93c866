import type { KafkaServer, SavedData } from '@wal/brokers'
import type { LosableEnd } from '@wal/histories'

/** The broker is set back to a copy of its data that lacks what was acknowledged since. */
export class OlderCopy implements LosableEnd {
  #saved: SavedData | undefined
  readonly #kafka: KafkaServer

  constructor(kafka: KafkaServer) {
    this.#kafka = kafka
  }

  async beginLosing(): Promise<void> {
    this.#saved = await this.#kafka.saveData()
  }

  async lose(): Promise<void> {
    await this.#saved?.putBack()
  }
}
