import { EndedRun, type ReadStage, type Unit } from './read-stage.js'

/** A stage that lets units pass unchanged, or drops them. A list of which all units pass is not copied. */
export abstract class Sieve implements ReadStage {
  /** Whether the unit passes. An error that this throws ends the reader behind the units before this one. */
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

  /** Filters the rest of the list; `dropped` is the index of the first unit that does not pass. */
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
