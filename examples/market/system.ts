/**
 * The market: the whole architecture on one screen.
 *
 * ```text
 *  customer ──POST /orders──▶ orders ~~placed~~▶ inventory ~~reserved~~▶ payments ──charge──▶ provider
 *                               ▲                    │                    │    │            (foreign)
 *                               │◀~~~~~ soldOut ~~~~~┘                    │    │
 *                               │◀~~~~~ declined (inventory hears it, too)┘    │ charged
 *                               │◀~~~~~ booked ~~~~~~ ledger ◀~~~~~~~~~~~~~~~~~┘ (inventory, too)
 * ```
 *
 * Each box owns its database. `──▶` is a call with a deadline, `~~▶` an event: committed with the
 * change that it tells of, delivered at least once, in order per order, its effect committed once.
 * No box waits for another while it holds a transaction.
 */
import { foreign, system } from 'holdfast'
import { inventoryService } from './inventory/service.ts'
import { ledgerService } from './ledger/service.ts'
import { ordersService } from './orders/service.ts'
import { paymentsService } from './payments/service.ts'
import { provider } from './provider/contract.ts'

export const market = system('market', {
  services: [ordersService, inventoryService, paymentsService, ledgerService],
  foreign: [foreign(provider, { standIn: new URL('./provider/main.ts', import.meta.url) })],
})
