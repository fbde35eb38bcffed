/**
 * A page with the books that a customer has bought: the orders are of one service, the titles of another.
 *
 * `joined` asks the catalogue for the titles each time the page is shown. `kept` reads them from a table
 * of its own, which follows the catalogue's events.
 */
import {
  after,
  command,
  contract,
  edge,
  event,
  query,
  service,
  sql,
  system,
  type System,
  when,
} from 'holdfast'
import { z } from 'zod'

const Book = z.object({ isbn: z.string(), title: z.string() })
const Bought = z.object({ id: z.string(), customer: z.string(), isbn: z.string() })
const Page = z.object({ titles: z.array(z.string()) })

/** Which book has which title. */
export const catalogue = contract('catalogue', {
  rename: command({ input: Book, key: ({ isbn, title }) => `${isbn} ${title}` }),
  all: query({ input: z.object({}), output: z.object({ books: z.array(Book) }) }),
  renamed: event({ payload: Book, key: ({ isbn }) => isbn }),
})

/** Who has bought what. */
export const orders = contract('orders', {
  buy: command({ input: Bought, key: ({ id }) => id }),
  joined: query({ input: z.object({ customer: z.string() }), output: Page }),
  kept: query({ input: z.object({ customer: z.string() }), output: Page }),
})

const toCatalogue = edge(catalogue, { deadline: '1s' })

const tables = (name: string) => sql({ migrations: new URL(`./titles/${name}/`, import.meta.url) })

const KEEP = `insert into book (isbn, title) values ($1, $2)
  on conflict (isbn) do update set title = excluded.title`

/** The disk of the catalogue: while it hangs, nobody gets an answer. */
export const disk = { hangs: false }

async function spin(): Promise<void> {
  if (disk.hangs) await new Promise(() => {})
}

const catalogueService = service(catalogue, tables('catalogue'), {
  handle: {
    rename: after(spin, async ({ tx, input, emit }) => {
      await tx.query(KEEP, [input.isbn, input.title])
      emit.renamed(input)
    }),
    all: after(spin, async ({ db }) => ({
      books: (await db.query<z.infer<typeof Book>>('select isbn, title from book')).rows,
    })),
  },
})

const ordersService = service(orders, tables('orders'), {
  uses: [toCatalogue],
  handle: {
    buy: async ({ tx, input: { id, customer, isbn } }) => {
      await tx.query('insert into bought values ($1, $2, $3)', [id, customer, isbn])
    },
    joined: after(
      async ({ call }) => call(toCatalogue.all, {}),
      async ({ db, input, asked: { books } }) => {
        const titles = new Map(books.map(({ isbn, title }) => [isbn, title]))
        const { rows } = await db.query<{ isbn: string }>(
          'select isbn from bought where customer = $1 order by id',
          [input.customer],
        )
        return { titles: rows.map(({ isbn }) => titles.get(isbn) ?? isbn) }
      },
    ),
    kept: async ({ db, input }) => {
      const { rows } = await db.query<{ title: string }>(
        `select coalesce(title, isbn) as title from bought left join book using (isbn)
         where customer = $1 order by id`,
        [input.customer],
      )
      return { titles: rows.map(({ title }) => title) }
    },
  },
  when: [
    when(catalogue.renamed, async ({ tx, event: { isbn, title } }) => {
      await tx.query(KEEP, [isbn, title])
    }),
  ],
})

export const bookshop: System = system('bookshop', { services: [catalogueService, ordersService] })
