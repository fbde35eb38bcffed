/**
 * What the shop tells a customer, in any framework. Where the carrier failed, it says whether a parcel may
 * be on its way: that decides whether asking again is safe.
 */
import { isHoldfastError } from 'holdfast'

export interface Answer {
  readonly status: number
  readonly body: object
}

export async function answerOf(work: Promise<object>): Promise<Answer> {
  try {
    return { status: 200, body: await work }
  } catch (error) {
    if (!isHoldfastError(error)) return { status: 500, body: { error: 'something broke' } }
    const { code, effect } = error
    return { status: code === 'HF_INPUT_INVALID' ? 400 : 503, body: { error: code, effect } }
  }
}
