// The durable deposit with Emmett on Postgres.
//
// Pattern   A decider (decide, evolve, initialState) behind DeciderCommandHandler over getPostgreSQLEventStore, one
//           stream per account.
// Library   @event-driven-io/emmett and @event-driven-io/emmett-postgresql 0.42.0 on express 5.3.0, pg 8.23.1.
// Retry     { onVersionConflict: true }, the policy of the error handling guide: 3 retries from 100 ms by a factor of
//           1.5, then 409.
// Projection  Inline, in the append's transaction: postgreSQLRawSQLProjection, one statement an event. Pongo's single
//           stream projection would read the document and write it back, and look for its table at every append.
// Pool      10 connections, pg's default.
import { SQL } from "@event-driven-io/dumbo";
import { DeciderCommandHandler, isExpectedVersionConflictError, projections } from "@event-driven-io/emmett";
import { getPostgreSQLEventStore, postgreSQLRawSQLProjection } from "@event-driven-io/emmett-postgresql";
import express from "express";
import pg from "pg";

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const initialState = () => ({ exists: false, balance: 0 });

const evolve = (account, { type, data }) => {
  switch (type) {
    case "AccountCreated":
      return { exists: true, balance: data.initialBalance };
    case "MoneyDeposited":
      return { ...account, balance: account.balance + data.amount };
    default:
      return account;
  }
};

const decide = ({ type, data }, account) => {
  switch (type) {
    case "CreateAccount":
      if (account.exists) throw new Refusal(409, "Account exists");
      return { type: "AccountCreated", data };
    case "Deposit":
      if (!account.exists) throw new Refusal(404, "No such account");
      if (!Number.isSafeInteger(data.amount) || data.amount <= 0) throw new Refusal(400, "Invalid amount");
      return { type: "MoneyDeposited", data };
    default:
      throw new Error(`Unknown command: ${type}`);
  }
};

const balances = postgreSQLRawSQLProjection({
  name: "balances",
  canHandle: ["AccountCreated", "MoneyDeposited"],
  init: () => SQL`CREATE TABLE IF NOT EXISTS balances (account_id text PRIMARY KEY, balance bigint NOT NULL)`,
  evolve: ({ type, data }) => {
    switch (type) {
      case "AccountCreated":
        return SQL`INSERT INTO balances (account_id, balance) VALUES (${data.accountId}, ${data.initialBalance})`;
      case "MoneyDeposited":
        return SQL`UPDATE balances SET balance = balance + ${data.amount} WHERE account_id = ${data.accountId}`;
      default:
        return [];
    }
  },
});

const connectionString = process.env.DATABASE_URL;
const pool = new pg.Pool({ connectionString, max: 10 });
const eventStore = getPostgreSQLEventStore(connectionString, {
  connectionOptions: { pool },
  projections: projections.inline([balances]),
});
await eventStore.schema.migrate();

const handle = DeciderCommandHandler({
  decide,
  evolve,
  initialState,
  mapToStreamId: (accountId) => `account-${accountId}`,
  retry: { onVersionConflict: true },
});

const answer = async (accountId, command, response) => {
  const { newState, nextExpectedStreamVersion } = await handle(eventStore, accountId, command);
  response.json({ accountId, balance: newState.balance, version: Number(nextExpectedStreamVersion) });
};

const app = express();
app.use(express.json());

app.get("/health", (request, response) => response.json({ status: "ok" }));

app.post("/commands/create-account", async ({ body }, response) => {
  const { accountId, owner, initialBalance, currency } = body;
  const data = { accountId, owner, initialBalance, currency };
  await answer(accountId, { type: "CreateAccount", data }, response);
});

app.post("/commands/deposit", async ({ body }, response) => {
  const { accountId, amount } = body;
  await answer(accountId, { type: "Deposit", data: { accountId, amount } }, response);
});

app.use((error, request, response, next) => {
  const status = isExpectedVersionConflictError(error) ? 409 : (error.status ?? 500);
  if (status === 500) console.error(error);
  response.status(status).json({ error: error.message });
});

const server = app.listen(Number(process.env.PORT), "127.0.0.1");

process.on("SIGTERM", () => {
  server.close(async () => {
    await eventStore.close();
    await pool.end();
  });
  server.closeAllConnections();
});
