// drizzle-orm's own migrator. argv: the URL, the folder. https://orm.drizzle.team/docs/migrations
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'

const [url, migrationsFolder] = process.argv.slice(2)
const client = postgres(url, { max: 1 })
await migrate(drizzle(client), { migrationsFolder })
await client.end()
