import { EndedRun, type ReadStage, type Unit } from './read-stage.js'

/** A stage that lets units through as they are, or drops them. A run that goes on whole is not copied. */
export abstract class Sieve implements ReadStage {
  /** What it throws ends the reader behind the units before this one. */
  protected abstract admits(unit: Unit): boolean

  pass(units: readonly Unit[]): readonly Unit[] {
    let first = 0
    try {
      while (first < units.length && this.admits(units[first] as Unit)) first++
    } catch (error) {
      throw new EndedRun(units.slice(0, first), error)
    }
    return first === units.length ? units : this.#passSome(units, first)
  }

  /** `dropped`: index of the first unit that does not go on. */
  #passSome(units: readonly Unit[], dropped: number): readonly Unit[] {
    const admitted = units.slice(0, dropped)
    try {
      for (let i = dropped + 1; i < units.length; i++) {
        const unit = units[i] as Unit
        if (this.admits(unit)) admitted.push(unit)
      }
    } catch (error) {
      throw new EndedRun(admitted, error)
    }
    return admitted
  }
}
