// The durable deposit as event sourcing demos on Express and pg write it.
//
// Pattern   The handler reads the account's events, folds them into its state, checks the command and inserts the next
//           event under the next version. UNIQUE (aggregate_id, version) is the optimistic lock.
// Library   express 5.3.0, pg 8.23.1.
// Retry     On a unique violation the handler starts over from the read: up to 10 retries after a short random pause,
//           then 409.
// Projection  None: the answer's balance is the fold's.
// Pool      10 connections, pg's default.
import express from "express";
import pg from "pg";

const RETRIES = 10;
const UNIQUE_VIOLATION = "23505";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

await pool.query(`
  CREATE TABLE IF NOT EXISTS events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    aggregate_id text NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (aggregate_id, version)
  )`);

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const evolve = (account, { type, version, data }) => {
  switch (type) {
    case "AccountCreated":
      return { exists: true, balance: data.initialBalance, version };
    case "MoneyDeposited":
      return { ...account, balance: account.balance + data.amount, version };
    default:
      throw new Error(`Unknown event: ${type}`);
  }
};

const load = async (accountId) => {
  const { rows } = await pool.query("SELECT version, type, data FROM events WHERE aggregate_id = $1 ORDER BY version", [
    accountId,
  ]);
  return rows.reduce(evolve, { exists: false, balance: 0, version: 0 });
};

const append = (accountId, { version, type, data }) =>
  pool.query("INSERT INTO events (aggregate_id, version, type, data) VALUES ($1, $2, $3, $4)", [
    accountId,
    version,
    type,
    data,
  ]);

const handle = async (accountId, decide) => {
  for (let attempt = 0; ; attempt++) {
    const account = await load(accountId);
    const event = { ...decide(account), version: account.version + 1 };
    try {
      await append(accountId, event);
      return evolve(account, event);
    } catch (error) {
      if (error.code !== UNIQUE_VIOLATION) throw error;
      if (attempt === RETRIES) throw new Refusal(409, "Version conflict");
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * (attempt + 1)));
    }
  }
};

const app = express();
app.use(express.json());

app.get("/health", (request, response) => response.json({ status: "ok" }));

app.post("/commands/create-account", async (request, response) => {
  const { accountId, owner, initialBalance, currency } = request.body;
  const { balance, version } = await handle(accountId, (account) => {
    if (account.exists) throw new Refusal(409, "Account exists");
    return { type: "AccountCreated", data: { owner, initialBalance, currency } };
  });
  response.json({ accountId, balance, version });
});

app.post("/commands/deposit", async (request, response) => {
  const { accountId, amount } = request.body;
  const { balance, version } = await handle(accountId, (account) => {
    if (!account.exists) throw new Refusal(404, "No such account");
    if (!Number.isSafeInteger(amount) || amount <= 0) throw new Refusal(400, "Invalid amount");
    return { type: "MoneyDeposited", data: { amount } };
  });
  response.json({ accountId, balance, version });
});

app.use((error, request, response, next) => {
  const status = error.status ?? 500;
  if (status === 500) console.error(error);
  response.status(status).json({ error: error.message });
});

const server = app.listen(Number(process.env.PORT), "127.0.0.1");

process.on("SIGTERM", () => {
  server.close(() => pool.end());
  server.closeAllConnections();
});
