// Made by `npm run types` from the OpenAPI document; not to be edited.

export interface paths {
    "/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Accounts */
        get: operations["listAccounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{accountId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One account, as it is or was */
        get: operations["getAccount"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{accountId}/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An account's open holds, by id, from the log */
        get: operations["listHolds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/accounts/{accountId}/statement": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened to an account, newest first */
        get: operations["getStatement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analytics/volume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How much happened when */
        get: operations["getVolume"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/asyncapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The live feed, described */
        get: operations["getAsyncapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was audited of the log, and what was found
         * @description Every process audits the log behind its head, from the first event: rows against texts, the chain, a second fold of every account, and the read model of the accounts. The same, at once, is `bursar verify`.
         */
        get: operations["getAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The chained heads of the batches, in order */
        get: operations["listCheckpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/proofs/{sequence}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What shows that an event is in the log
         * @description `bursar verify --proof FILE` checks it without a server.
         */
        get: operations["getProof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Many commands, each on its own, decided in order
         * @description Under the batch's key, an item without one of its own has one that is made of it and of the item's place among those: so the whole can be sent again; another batch under that key is refused. Nothing is recorded under the batch's key itself, and a command that is sent alone may have the same one. Behind an item that is answered 503 nothing is done, since it may rest on that one. A body of up to 4 MiB, whose postings come to events of up to 16 MiB.
         */
        post: operations["batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/capture-hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Moves what is held, or a part of it, out or to another account; the rest is released */
        post: operations["captureHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/close-account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Closes an account that is empty, or is swept to another one in the same commit */
        post: operations["closeAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/create-account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens an account */
        post: operations["createAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/deposit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pays in */
        post: operations["deposit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/freeze-account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stops movements of money on an account */
        post: operations["freezeAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest commands, oldest first */
        get: operations["listCommands"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/place-hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets money aside: it stays in the balance and is not available */
        post: operations["placeHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/post": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Moves money between several accounts, all or nothing, in one commit */
        post: operations["post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/release-hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes what is held available again */
        post: operations["releaseHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/reopen-account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens a closed account again */
        post: operations["reopenAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/reverse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends back what a command or an event moved, whole or in part */
        post: operations["reverse"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/set-limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bounds what comes: what is not named stays as it is, null lifts a bound */
        post: operations["setLimits"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/transfer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Moves money from one account to another, in one commit */
        post: operations["transfer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/unfreeze-account": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets money move again */
        post: operations["unfreezeAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pays out */
        post: operations["withdraw"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/commands/{commandId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of a command
         * @description Under an id that is the name of a command, such as `deposit`, stands that command, which takes POST alone. A POST to a command that there is not is 404 `not-found`, with the names of those that there are in `commands`.
         */
        get: operations["getCommand"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The settings in force; on the dashboard's port alone */
        get: operations["getConfig"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events of the log, in order */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/all/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The whole log, streamed */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The live feed as Server-Sent Events
         * @description `NEW_EVENT` per event, with its sequence number as `id`; `WELCOME` at the start and `CAUGHT_UP` once history is done. It has no end; see `/asyncapi.json`.
         */
        get: operations["followEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/{accountId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One account's events, in order */
        get: operations["listEventsOfAccount"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sums over all accounts, per currency */
        get: operations["getLedger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the process counts, for Prometheus */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getOpenapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every problem that there is */
        get: operations["listProblems"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a problem means */
        get: operations["getProblem"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every projection with its state */
        get: operations["listProjections"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projections/{name}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pauses a projection */
        post: operations["pauseProjection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/projections/{name}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Resumes one, also one that is faulted */
        post: operations["resumeProjection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the stores answer that the port needs: commands and events the log, the others the read models too */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Fills every read model anew, beside the served one */
        post: operations["startReplay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/replays/{replayId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a replay is */
        get: operations["getReplay"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far the projections are, and what the actors count */
        get: operations["getStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Accepted: {
            account: components["schemas"]["AccountAfter"];
            accounts: components["schemas"]["AccountAfter"][];
            commandId: components["schemas"]["RecordedId"];
            /**
             * @description Nothing was written.
             * @constant
             */
            dryRun?: true;
            event: components["schemas"]["Event"];
            events: components["schemas"]["Event"][];
            /** @description Of the last event; hand it to a query as `atLeast`. Not in a dry run. */
            sequence?: components["schemas"]["Sequence"];
            /** @constant */
            success: true;
        };
        /**
         * @example {
         *       "accountId": "acc-1",
         *       "available": 1500,
         *       "balance": 1500,
         *       "createdAt": "2026-01-31T11:00:00.000000Z",
         *       "currency": "USD",
         *       "held": 0,
         *       "lastUpdated": "2026-01-31T12:00:00.000000Z",
         *       "maxBalance": null,
         *       "overdraftLimit": 0,
         *       "owner": null,
         *       "perDay": null,
         *       "perTransaction": null,
         *       "sequence": 42,
         *       "status": "open",
         *       "transactionCount": 2,
         *       "version": 3
         *     }
         */
        Account: {
            accountId: components["schemas"]["AccountId"];
            /** @description balance − held + overdraftLimit */
            available: components["schemas"]["Money"];
            balance: components["schemas"]["Money"];
            createdAt: components["schemas"]["Time"];
            currency: components["schemas"]["Currency"];
            /** @description Where the status is frozen. */
            frozen?: components["schemas"]["Scope"];
            held: components["schemas"]["Money"];
            lastUpdated: components["schemas"]["Time"];
            /** @description How high a credit may bring the balance. */
            maxBalance: components["schemas"]["Money"] | null;
            overdraftLimit: components["schemas"]["Money"];
            owner: components["schemas"]["Text"] | null;
            /** @description How much on one UTC day. */
            perDay: components["schemas"]["Money"] | null;
            /** @description How much clients may take out, or have held, at once. */
            perTransaction: components["schemas"]["Money"] | null;
            /** @description Of its last event. */
            sequence: components["schemas"]["Sequence"];
            status: components["schemas"]["Status"];
            transactionCount: number;
            version: components["schemas"]["Version"];
        };
        /**
         * @example {
         *       "accountId": "acc-1",
         *       "available": 1500,
         *       "balance": 1500,
         *       "version": 3
         *     }
         */
        AccountAfter: {
            accountId: components["schemas"]["AccountId"];
            available: components["schemas"]["Money"];
            balance: components["schemas"]["Money"];
            version: components["schemas"]["Version"];
        };
        /** @example acc-1 */
        AccountId: string;
        /**
         * @description A quantity above 0.
         * @example 500
         * @example 10.50
         */
        Amount: number | string;
        /**
         * @example {
         *       "accounts": 2,
         *       "auditedTo": 42,
         *       "compared": 2,
         *       "conserved": {
         *         "USD": true
         *       },
         *       "error": null,
         *       "head": 42,
         *       "violations": [],
         *       "violationsTotal": 0
         *     }
         */
        Audit: {
            accounts: number;
            auditedTo: components["schemas"]["Sequence"];
            /** @description How many accounts of the read model were compared with the log. */
            compared: number;
            /** @description By currency, whether what came in and did not go out is there. */
            conserved: {
                [key: string]: boolean;
            };
            /** @description Why it stands still. */
            error: string | null;
            head: components["schemas"]["Sequence"];
            /** @description What checkpoints are signed with, where they are: the 32 bytes of the Ed25519 key. */
            publicKey?: string;
            /** @description The first 100 that this process has found. */
            violations: {
                /** @description Where its batch begins. */
                firstSequence: number;
                /** @description Where its batch ends. */
                lastSequence: number;
                /** @description The event, if it is one. */
                sequence: number | null;
                violation: string;
            }[];
            violationsTotal: number;
        };
        Batch: {
            /** @description The whole batch's idempotency key, unless a header gives it. */
            commandId?: components["schemas"]["CommandId"] | null;
            /** @description Each is answered on its own: what is no command is refused in its place of `results`. */
            commands: (components["schemas"]["BatchItem"] | unknown)[];
        };
        /** @description A command's fields, and which command it is. */
        BatchItem: {
            /** @description The item's own; or, but for a reversal, `commandId`. */
            idempotencyKey?: components["schemas"]["CommandId"];
            /** @enum {unknown} */
            type: "deposit" | "withdraw" | "transfer" | "create-account" | "freeze-account" | "unfreeze-account" | "close-account" | "reopen-account" | "place-hold" | "capture-hold" | "release-hold" | "set-limits" | "reverse" | "post";
        };
        BatchResult: {
            commandId?: components["schemas"]["RecordedId"];
            /**
             * @description Nothing was written.
             * @constant
             */
            dryRun?: true;
            /** @description Each with the `status` and the members that the command alone would be answered with. */
            results: {
                /**
                 * @description It was answered before.
                 * @constant
                 */
                idempotentReplayed?: true;
                status: number;
            }[];
            /** @description Whether every item was done. */
            success: boolean;
        };
        CaptureHold: {
            accountId: components["schemas"]["AccountId"];
            amount?: components["schemas"]["Amount"] | null;
            commandId?: components["schemas"]["CommandId"] | null;
            currency?: components["schemas"]["Currency"] | null;
            description?: components["schemas"]["Text"] | null;
            holdId: components["schemas"]["HoldId"];
            metadata?: components["schemas"]["Metadata"] | null;
            toAccountId?: components["schemas"]["AccountId"] | null;
        };
        /** @description The head of a batch. `chain` is sha256(previous ‖ root ‖ firstSequence ‖ lastSequence ‖ committedAt in µs), integers as 8 bytes big-endian. */
        Checkpoint: {
            chain: string;
            committedAt: components["schemas"]["Time"];
            firstSequence: components["schemas"]["Sequence"];
            lastSequence: components["schemas"]["Sequence"];
            /** Format: uuid */
            logId: string;
            previous: string;
            root: string;
            /** @description Ed25519, over the lines `bursar checkpoint 1`, logId, lastSequence, committedAt and chain, each ended by a line feed. */
            signature?: string;
        };
        CloseAccount: {
            accountId: components["schemas"]["AccountId"];
            commandId?: components["schemas"]["CommandId"] | null;
            metadata?: components["schemas"]["Metadata"] | null;
            reason?: components["schemas"]["Text"] | null;
            sweepTo?: components["schemas"]["AccountId"] | null;
        };
        /**
         * @description Visible ASCII characters; an idempotency key, or a UUID that the server made.
         * @example 0198f6c2-7d1e-7cc3-b1f0-2a4d1c5e9b10
         */
        CommandId: string;
        /** @description A line of the command log; a transfer has fromAccountId and toAccountId. */
        CommandLine: {
            accountId?: components["schemas"]["AccountId"];
            /** @description A refused one is told as it was written. */
            amount?: number | string;
            code?: string;
            /** @enum {unknown} */
            command: "CREATE_ACCOUNT" | "DEPOSIT" | "WITHDRAW" | "TRANSFER" | "FREEZE_ACCOUNT" | "UNFREEZE_ACCOUNT" | "CLOSE_ACCOUNT" | "REOPEN_ACCOUNT" | "PLACE_HOLD" | "CAPTURE_HOLD" | "RELEASE_HOLD" | "EXPIRE_HOLD" | "SET_LIMITS" | "REVERSE" | "POST";
            commandId: components["schemas"]["RecordedId"];
            error?: string;
            fromAccountId?: components["schemas"]["AccountId"];
            holdId?: components["schemas"]["HoldId"];
            latencyMs?: number;
            /** @description The movement that went, or was to go, back. */
            reverses?: components["schemas"]["Sequence"];
            scope?: components["schemas"]["Scope"];
            /** @description That of its last event, as in its answer. */
            sequence?: components["schemas"]["Sequence"];
            /** @enum {unknown} */
            status: "accepted" | "rejected";
            sweepTo?: components["schemas"]["AccountId"];
            timestamp: components["schemas"]["Time"];
            toAccountId?: components["schemas"]["AccountId"];
        };
        CreateAccount: {
            accountId: components["schemas"]["AccountId"];
            commandId?: components["schemas"]["CommandId"] | null;
            currency?: components["schemas"]["Currency"] | null;
            initialBalance?: components["schemas"]["Quantity"] | null;
            metadata?: components["schemas"]["Metadata"] | null;
            overdraftLimit?: components["schemas"]["Quantity"] | null;
            owner?: components["schemas"]["Text"] | null;
        };
        /**
         * @description ISO 4217.
         * @example USD
         */
        Currency: string;
        Deposit: {
            accountId: components["schemas"]["AccountId"];
            amount: components["schemas"]["Amount"];
            commandId?: components["schemas"]["CommandId"] | null;
            currency?: components["schemas"]["Currency"] | null;
            description?: components["schemas"]["Text"] | null;
            metadata?: components["schemas"]["Metadata"] | null;
        };
        /**
         * @description The same object in the reply, the log and the feed. A preview's has no sequenceNumber.
         * @example {
         *       "aggregateId": "acc-1",
         *       "causationId": "rent-2026-02",
         *       "commandId": "rent-2026-02",
         *       "correlationId": "rent-2026-02",
         *       "data": {
         *         "accountId": "acc-1",
         *         "amount": 500
         *       },
         *       "eventId": "0198f6c2-7d1e-7cc3-b1f0-2a4d1c5e9b11",
         *       "metadata": {},
         *       "schemaVersion": 1,
         *       "sequenceNumber": 42,
         *       "timestamp": "2026-01-31T12:00:00.000000Z",
         *       "type": "MONEY_DEPOSITED",
         *       "version": 3
         *     }
         */
        Event: {
            aggregateId: components["schemas"]["AccountId"];
            causationId: string;
            commandId: components["schemas"]["RecordedId"];
            correlationId: string;
            data: Record<string, never>;
            /** Format: uuid */
            eventId: string;
            metadata: components["schemas"]["Metadata"];
            schemaVersion: number;
            sequenceNumber?: components["schemas"]["Sequence"];
            timestamp: components["schemas"]["Time"];
            /** @description Where the command's request had one. */
            traceparent?: string;
            type: string;
            version: components["schemas"]["Version"];
        } & ({
            data?: {
                accountId: components["schemas"]["AccountId"];
                currency: components["schemas"]["Currency"];
                initialBalance: components["schemas"]["Money"];
                overdraftLimit: components["schemas"]["Money"];
                owner?: components["schemas"]["Text"];
            };
            /** @constant */
            type?: "ACCOUNT_CREATED";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                amount: components["schemas"]["Money"];
                description?: components["schemas"]["Text"];
                /** @description The hold that was captured. */
                holdId?: components["schemas"]["HoldId"];
                /** @description How much of that is reversed by now. */
                reversed?: components["schemas"]["Money"];
                /** @description The movement that goes back. */
                reverses?: components["schemas"]["Sequence"];
            };
            /** @constant */
            type?: "MONEY_DEPOSITED";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                amount: components["schemas"]["Money"];
                description?: components["schemas"]["Text"];
                /** @description The hold that was captured. */
                holdId?: components["schemas"]["HoldId"];
                /** @description How much of that is reversed by now. */
                reversed?: components["schemas"]["Money"];
                /** @description The movement that goes back. */
                reverses?: components["schemas"]["Sequence"];
            };
            /** @constant */
            type?: "MONEY_WITHDRAWN";
        } | {
            data?: {
                amount: components["schemas"]["Money"];
                description?: components["schemas"]["Text"];
                fromAccountId: components["schemas"]["AccountId"];
                /** @description The hold that was captured. */
                holdId?: components["schemas"]["HoldId"];
                /** @description How much of that is reversed by now. */
                reversed?: components["schemas"]["Money"];
                /** @description The movement that goes back. */
                reverses?: components["schemas"]["Sequence"];
                /**
                 * @description The from-account was emptied to be closed.
                 * @constant
                 */
                sweep?: true;
                toAccountId: components["schemas"]["AccountId"];
            };
            /** @constant */
            type?: "MONEY_TRANSFERRED";
        } | {
            data?: {
                amount: components["schemas"]["Money"];
                description?: components["schemas"]["Text"];
                fromAccountId: components["schemas"]["AccountId"];
                /** @description The hold that was captured. */
                holdId?: components["schemas"]["HoldId"];
                /** @description How much of that is reversed by now. */
                reversed?: components["schemas"]["Money"];
                /** @description The movement that goes back. */
                reverses?: components["schemas"]["Sequence"];
                /**
                 * @description The from-account was emptied to be closed.
                 * @constant
                 */
                sweep?: true;
                toAccountId: components["schemas"]["AccountId"];
            };
            /** @constant */
            type?: "TRANSFER_RECEIVED";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                reason?: components["schemas"]["Text"];
                scope: components["schemas"]["Scope"];
            };
            /** @constant */
            type?: "ACCOUNT_FROZEN";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                reason?: components["schemas"]["Text"];
                scope: components["schemas"]["Scope"];
            };
            /** @constant */
            type?: "ACCOUNT_UNFROZEN";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                reason?: components["schemas"]["Text"];
            };
            /** @constant */
            type?: "ACCOUNT_CLOSED";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                reason?: components["schemas"]["Text"];
            };
            /** @constant */
            type?: "ACCOUNT_REOPENED";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                amount: components["schemas"]["Money"];
                description?: components["schemas"]["Text"];
                expiresAt?: components["schemas"]["Time"];
                holdId: components["schemas"]["HoldId"];
            };
            /** @constant */
            type?: "HOLD_PLACED";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                amount: components["schemas"]["Money"];
                held: components["schemas"]["Money"];
                holdId: components["schemas"]["HoldId"];
                toAccountId?: components["schemas"]["AccountId"];
            };
            /** @constant */
            type?: "HOLD_CAPTURED";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                amount: components["schemas"]["Money"];
                holdId: components["schemas"]["HoldId"];
                reason?: components["schemas"]["Text"];
            };
            /** @constant */
            type?: "HOLD_RELEASED";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                amount: components["schemas"]["Money"];
                holdId: components["schemas"]["HoldId"];
            };
            /** @constant */
            type?: "HOLD_EXPIRED";
        } | {
            data?: {
                accountId: components["schemas"]["AccountId"];
                maxBalance: components["schemas"]["Money"] | null;
                overdraftLimit: components["schemas"]["Money"];
                perDay: components["schemas"]["Money"] | null;
                perTransaction: components["schemas"]["Money"] | null;
            };
            /** @constant */
            type?: "LIMITS_SET";
        });
        Explanation: {
            code: string;
            /** @description What a client can do about it. */
            description: string;
            status: number;
            title: string;
            /** Format: uri-reference */
            type: string;
        };
        FreezeAccount: {
            accountId: components["schemas"]["AccountId"];
            commandId?: components["schemas"]["CommandId"] | null;
            metadata?: components["schemas"]["Metadata"] | null;
            reason?: components["schemas"]["Text"] | null;
            scope?: components["schemas"]["Scope"] | null;
        };
        /**
         * @example {
         *       "status": "healthy"
         *     }
         */
        Health: {
            /** @enum {unknown} */
            status: "healthy" | "alive" | "ready";
        };
        Hold: {
            amount: components["schemas"]["Money"];
            description?: components["schemas"]["Text"];
            expiresAt: components["schemas"]["Time"] | null;
            holdId: components["schemas"]["HoldId"];
            placedAt: components["schemas"]["Time"];
        };
        /**
         * @description Unique within the account, for ever.
         * @example hotel-7
         */
        HoldId: string;
        LedgerLine: {
            accounts: number;
            /** @description Whether balances = in − out, as always. */
            agrees: boolean;
            balances: components["schemas"]["Sum"];
            currency: components["schemas"]["Currency"];
            in: components["schemas"]["Sum"];
            out: components["schemas"]["Sum"];
        };
        /** @description The client's own object, at most 4096 bytes, kept with each event. Nested 100 deep at the most, no name twice in an object, no number beyond a double, no U+0000. */
        Metadata: Record<string, never>;
        /**
         * @description Within ±999999999999999 minor units, printed as JavaScript prints it.
         * @example 10.5
         */
        Money: number;
        Outcome: {
            answer: components["schemas"]["Accepted"] | components["schemas"]["Problem"];
            code?: string;
            commandId: components["schemas"]["RecordedId"];
            events: components["schemas"]["Event"][];
            httpStatus: number;
            /** @enum {unknown} */
            status: "accepted" | "rejected";
        };
        /**
         * @example {
         *       "name": "accounts",
         *       "paused": true,
         *       "success": true
         *     }
         */
        Paused: {
            name: string;
            paused: boolean;
            /** @constant */
            success: true;
        };
        PlaceHold: {
            accountId: components["schemas"]["AccountId"];
            amount: components["schemas"]["Amount"];
            commandId?: components["schemas"]["CommandId"] | null;
            currency?: components["schemas"]["Currency"] | null;
            description?: components["schemas"]["Text"] | null;
            expiresInSeconds?: number | null;
            holdId?: components["schemas"]["HoldId"] | null;
            metadata?: components["schemas"]["Metadata"] | null;
        };
        Post: {
            commandId?: components["schemas"]["CommandId"] | null;
            currency?: components["schemas"]["Currency"] | null;
            description?: components["schemas"]["Text"] | null;
            metadata?: components["schemas"]["Metadata"] | null;
            postings: components["schemas"]["Posting"][];
        };
        Posting: {
            amount: components["schemas"]["Amount"];
            fromAccountId: components["schemas"]["AccountId"];
            toAccountId: components["schemas"]["AccountId"];
        };
        /** @description RFC 9457, with the members that help: `field`, `available`, `required`, `version`… */
        Problem: {
            accountId?: components["schemas"]["AccountId"];
            code: string;
            commandId?: components["schemas"]["RecordedId"];
            /** @description The commands that there are, where one was sent that there is not. */
            commands?: string[];
            /** @description By which the server's log has the cause. */
            correlationId?: string;
            detail: string;
            /** @description The same sentence as `detail`. */
            error: string;
            field?: string;
            /** @description Seconds. */
            retryAfter?: number;
            status: number;
            title: string;
            /** Format: uri-reference */
            type: string;
        };
        Projection: {
            checkpoint: number;
            errors: number;
            eventsPerSecond: number;
            generation: number | null;
            lagEvents: number;
            lagMs: number;
            lastError: string | null;
            /** @example accounts */
            name: string;
            /** @description The event that it can't apply. */
            poisonSequence: number | null;
            restarts: number;
            /** @enum {unknown} */
            state: "running" | "replaying" | "standby" | "paused" | "faulted";
            totalProcessed: number;
        };
        Proof: {
            checkpoint: components["schemas"]["Checkpoint"];
            leaf: string;
            /** @description How many leaves the batch's tree has. */
            leaves: number;
            /** @description From the leaf to the root, from the bottom up (RFC 6962). */
            path: string[];
            sequence: components["schemas"]["Sequence"];
            /** @description The event's text as it is stored, byte by byte. */
            stored: string;
        };
        /**
         * @description Digits with at most as many decimals as the currency has, as a number or as a string, read exactly: no exponent, sign or spaces.
         * @example 500
         * @example 10.50
         */
        Quantity: number | string;
        /**
         * @description A command's id; what the server does of itself, such as ending a hold, has one with spaces.
         * @example 0198f6c2-7d1e-7cc3-b1f0-2a4d1c5e9b10
         */
        RecordedId: string;
        ReleaseHold: {
            accountId: components["schemas"]["AccountId"];
            commandId?: components["schemas"]["CommandId"] | null;
            holdId: components["schemas"]["HoldId"];
            metadata?: components["schemas"]["Metadata"] | null;
            reason?: components["schemas"]["Text"] | null;
        };
        ReopenAccount: {
            accountId: components["schemas"]["AccountId"];
            commandId?: components["schemas"]["CommandId"] | null;
            metadata?: components["schemas"]["Metadata"] | null;
            reason?: components["schemas"]["Text"] | null;
        };
        Replay: {
            done: number;
            error?: string;
            eventsPerSecond: number;
            /** Format: uuid */
            replayId: string;
            secondsLeft: number;
            /** @enum {unknown} */
            state: "running" | "done" | "failed";
            /**
             * @description Where it was started with this request.
             * @constant
             */
            success?: true;
            total: number;
        };
        Reverse: {
            amount?: components["schemas"]["Quantity"] | null;
            commandId?: components["schemas"]["CommandId"] | null;
            currency?: components["schemas"]["Currency"] | null;
            metadata?: components["schemas"]["Metadata"] | null;
            reason?: components["schemas"]["Text"] | null;
            sequenceNumber?: number | null;
        } & ({
            commandId: unknown;
            sequenceNumber?: null;
        } | {
            commandId?: null;
            sequenceNumber: unknown;
        });
        /**
         * @description Which movements of money.
         * @enum {unknown}
         */
        Scope: "all" | "debits" | "credits";
        /**
         * @description An event's place in the whole log: 1, 2, 3… without gap; 0 is before the first.
         * @example 42
         */
        Sequence: number;
        SetLimits: {
            accountId: components["schemas"]["AccountId"];
            commandId?: components["schemas"]["CommandId"] | null;
            maxBalance?: components["schemas"]["Quantity"] | null;
            metadata?: components["schemas"]["Metadata"] | null;
            overdraftLimit?: components["schemas"]["Quantity"] | null;
            perDay?: components["schemas"]["Quantity"] | null;
            perTransaction?: components["schemas"]["Quantity"] | null;
        };
        /**
         * @example {
         *       "name": "events-port",
         *       "source": "default",
         *       "value": "3001"
         *     }
         */
        Setting: {
            name: string;
            /** @description `default`, `flag`, the variable or the file. */
            source: string;
            value: string;
        };
        Statement: {
            accountId: components["schemas"]["AccountId"];
            closing: components["schemas"]["StatementEnd"];
            currency: components["schemas"]["Currency"];
            /** @description Newest first. */
            entries: components["schemas"]["StatementEntry"][];
            opening: components["schemas"]["StatementEnd"];
        };
        /**
         * @description The account at an end of the period, whose place in the log `sequence` is.
         * @example {
         *       "balance": 1500,
         *       "sequence": 42,
         *       "version": 3
         *     }
         */
        StatementEnd: {
            balance: components["schemas"]["Money"];
            sequence: components["schemas"]["Sequence"];
            version: components["schemas"]["Version"];
        };
        StatementEntry: {
            /** @description What it added to the balance. */
            amount: components["schemas"]["Money"];
            /** @description After it. */
            balance: components["schemas"]["Money"];
            commandId: components["schemas"]["RecordedId"];
            counterparty?: components["schemas"]["AccountId"];
            description?: components["schemas"]["Text"];
            sequence: components["schemas"]["Sequence"];
            timestamp: components["schemas"]["Time"];
            type: string;
            version: components["schemas"]["Version"];
        };
        Stats: {
            actors: {
                commandsInFlight: number;
                commandsInFlightMax: number;
                loaded: number;
                mailboxes: number;
                passivated: number;
                resident: number;
                shards: number;
            };
            errors: number;
            eventsPerSecond: number;
            feed: {
                reaped: number;
                restarts: number;
                subscribers: number;
            };
            headSequence: number;
            journal: {
                batches: number;
                commitMicros: number;
                events: number;
                eventsPerBatch: number;
                lastCommitMicros: number;
                queued: number;
            };
            lagEvents: number;
            lagMs: number;
            lastProcessedSequence: number;
            projections: components["schemas"]["Projection"][];
            restarts: number;
            totalProcessed: number;
        };
        /** @enum {unknown} */
        Status: "closed" | "frozen" | "open";
        /**
         * @description A sum over accounts: more digits than a double has.
         * @example 19999999999999.99
         */
        Sum: string;
        /** @example Rent */
        Text: string;
        /**
         * Format: date-time
         * @description RFC 3339; in answers UTC with microseconds.
         * @example 2026-01-31T12:00:00.000000Z
         */
        Time: string;
        Transfer: {
            amount: components["schemas"]["Amount"];
            commandId?: components["schemas"]["CommandId"] | null;
            currency?: components["schemas"]["Currency"] | null;
            description?: components["schemas"]["Text"] | null;
            fromAccountId: components["schemas"]["AccountId"];
            metadata?: components["schemas"]["Metadata"] | null;
            toAccountId: components["schemas"]["AccountId"];
        };
        /**
         * @description An event's place in its account's stream: 1, 2, 3… without gap.
         * @example 3
         */
        Version: number;
        Volume: {
            /** @enum {unknown} */
            bucket: "second" | "minute" | "hour" | "day";
            /** @description In order of time. */
            buckets: components["schemas"]["VolumeBucket"][];
        };
        VolumeBucket: {
            start: components["schemas"]["Time"];
            types: {
                count: number;
                currency: components["schemas"]["Currency"];
                /** @description What they moved. */
                sum: components["schemas"]["Sum"];
                /** @description Of the events. */
                type: string;
            }[];
        };
        Withdraw: {
            accountId: components["schemas"]["AccountId"];
            amount: components["schemas"]["Amount"];
            commandId?: components["schemas"]["CommandId"] | null;
            currency?: components["schemas"]["Currency"] | null;
            description?: components["schemas"]["Text"] | null;
            metadata?: components["schemas"]["Metadata"] | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listAccounts: {
        parameters: {
            query?: {
                /** @description By what. */
                sort?: "accountId" | "balance" | "lastUpdated";
                /** @description In which direction. */
                order?: "asc" | "desc";
                /** @description Only these. */
                status?: components["schemas"]["Status"];
                /** @description Only those whose id begins so. */
                prefix?: string;
                /** @description How many at the most. */
                limit?: number;
                /** @description Only those after this place, which a Link header gave. */
                after?: string;
                /** @description All as they were at this place of the log, by id; not with sort, order, status, prefix, atLeast, timeout. Among very many that were opened later a page may have fewer than `limit`, and a Link all the same. */
                asOfSequence?: number;
                /** @description All as the last batch left them that was committed at or before this time. */
                asOf?: components["schemas"]["Time"];
                /** @description Waits until the answer is of this sequence or a later one. */
                atLeast?: number;
                /** @description For how long: `2s`, `500ms` or seconds, at most 10s. */
                timeout?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them. */
            200: {
                headers: {
                    /** @description `<…>; rel="next"`, where there is more. */
                    Link?: string;
                    /** @description How far the answer is up to date. */
                    "X-Sequence"?: components["schemas"]["Sequence"];
                    /** @description How many there are, or were, on all pages. */
                    "X-Total-Count"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"][];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Not caught up; Views unavailable; Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-caught-up" | "views-unavailable" | "log-unavailable";
                    };
                };
            };
        };
    };
    getAccount: {
        parameters: {
            query?: {
                /** @description As it was at this place of the log; not with atLeast, timeout, asOf. */
                asOfSequence?: number;
                /** @description As the last batch left it that was committed at or before this time; not with atLeast, timeout. */
                asOf?: components["schemas"]["Time"];
                /** @description Waits until the answer is of this sequence or a later one. */
                atLeast?: number;
                /** @description For how long: `2s`, `500ms` or seconds, at most 10s. */
                timeout?: string;
            };
            header?: {
                /** @description A version that the client has. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The account. */
                accountId: components["schemas"]["AccountId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    /** @description `"<version>"` */
                    ETag?: string;
                    /** @description How far the answer is up to date. */
                    "X-Sequence"?: components["schemas"]["Sequence"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description It still has the version of `If-None-Match`. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Not caught up; Views unavailable; Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-caught-up" | "views-unavailable" | "log-unavailable";
                    };
                };
            };
        };
    };
    listHolds: {
        parameters: {
            query?: {
                /** @description How many at the most; without it all, which are no more than that. */
                limit?: number;
                /** @description Only those that follow the hold with this id. A Link header gives it. */
                after?: components["schemas"]["HoldId"];
                /** @description Waits until the answer is of this sequence or a later one. */
                atLeast?: number;
                /** @description For how long: `2s`, `500ms` or seconds, at most 10s. */
                timeout?: string;
            };
            header?: never;
            path: {
                /** @description The account. */
                accountId: components["schemas"]["AccountId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The holds. */
            200: {
                headers: {
                    /** @description `<…>; rel="next"`, where there is more. */
                    Link?: string;
                    /** @description How far the answer is up to date. */
                    "X-Sequence"?: components["schemas"]["Sequence"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hold"][];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Not caught up; Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-caught-up" | "log-unavailable";
                    };
                };
            };
        };
    };
    getStatement: {
        parameters: {
            query?: {
                /** @description Only what was committed after it; without it, all. */
                from?: components["schemas"]["Time"];
                /** @description Only what was committed up to it; without it, up to now. */
                to?: components["schemas"]["Time"];
                /** @description How many entries at the most. */
                limit?: number;
                /** @description Only entries that follow the one of this version: older ones. A Link header gives it. */
                after?: number;
                /** @description Waits until the answer is of this sequence or a later one. */
                atLeast?: number;
                /** @description For how long: `2s`, `500ms` or seconds, at most 10s. */
                timeout?: string;
            };
            header?: never;
            path: {
                /** @description The account. */
                accountId: components["schemas"]["AccountId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entries between the balances at both ends; as CSV, the entries alone. */
            200: {
                headers: {
                    /** @description `<…>; rel="next"`, where there is more. */
                    Link?: string;
                    /** @description How far the answer is up to date. */
                    "X-Sequence"?: components["schemas"]["Sequence"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statement"];
                    "text/csv": string;
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Not caught up; Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-caught-up" | "log-unavailable";
                    };
                };
            };
        };
    };
    getVolume: {
        parameters: {
            query?: {
                /** @description How wide. */
                bucket?: "second" | "minute" | "hour" | "day";
                /** @description The first bucket is the one with it; without it, 60 buckets. */
                from?: components["schemas"]["Time"];
                /** @description The last bucket is the one with it; without it, now. At most 1000 buckets. */
                to?: components["schemas"]["Time"];
                /** @description Waits until the answer is of this sequence or a later one. */
                atLeast?: number;
                /** @description For how long: `2s`, `500ms` or seconds, at most 10s. */
                timeout?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every bucket, empty ones too. */
            200: {
                headers: {
                    /** @description How far the answer is up to date. */
                    "X-Sequence"?: components["schemas"]["Sequence"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Volume"];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Not caught up; Views unavailable; Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-caught-up" | "views-unavailable" | "log-unavailable";
                    };
                };
            };
        };
    };
    getAsyncapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description AsyncAPI 3.0. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    getAudit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How far it is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Audit"];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-found";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable";
                    };
                };
            };
        };
    };
    listCheckpoints: {
        parameters: {
            query?: {
                /** @description Only those that end after it; not beyond the end of the log. */
                fromSequence?: number;
                /** @description How many at the most. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The next ones. */
            200: {
                headers: {
                    /** @description `<…>; rel="next"`, where there is more. */
                    Link?: string;
                    /** @description The end of the log. */
                    "X-Head-Sequence"?: components["schemas"]["Sequence"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checkpoint"][];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable";
                    };
                };
            };
        };
    };
    getProof: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event. */
                sequence: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event with the path to its batch's root, and the batch's checkpoint. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Proof"];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-found";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable";
                    };
                };
            };
        };
    };
    batch: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "commands": [
                 *         {
                 *           "accountId": "acc-1",
                 *           "amount": 5,
                 *           "type": "deposit"
                 *         },
                 *         {
                 *           "amount": 5,
                 *           "fromAccountId": "acc-1",
                 *           "toAccountId": "acc-2",
                 *           "type": "transfer"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["Batch"];
            };
        };
        responses: {
            /** @description One result each, in order: what was refused is told there. */
            200: {
                headers: {
                    /** @description All of it was done or refused before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchResult"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    captureHold: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1",
                 *       "amount": "99.90",
                 *       "holdId": "hotel-7"
                 *     }
                 */
                "application/json": components["schemas"]["CaptureHold"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found; Hold not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found" | "hold-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Hold already settled */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "hold-already-settled";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Same account; Currency mismatch; Account closed; Account frozen; Hold expired; Hold exceeded; Balance limit */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "same-account" | "currency-mismatch" | "account-closed" | "account-frozen" | "hold-expired" | "hold-exceeded" | "balance-limit";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    closeAccount: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1",
                 *       "sweepTo": "acc-2"
                 *     }
                 */
                "application/json": components["schemas"]["CloseAccount"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Same account; Currency mismatch; Account closed; Account frozen; No change; Holds open; Account not empty; Balance limit */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "same-account" | "currency-mismatch" | "account-closed" | "account-frozen" | "no-change" | "holds-open" | "account-not-empty" | "balance-limit";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    createAccount: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1",
                 *       "currency": "USD",
                 *       "initialBalance": 1000
                 *     }
                 */
                "application/json": components["schemas"]["CreateAccount"];
            };
        };
        responses: {
            /** @description What would be done (`dryRun`). */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description It is done: the events are in the log, on disk. */
            201: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    /** @description The account's path. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Account exists */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-exists";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    deposit: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1",
                 *       "amount": 500,
                 *       "description": "Salary"
                 *     }
                 */
                "application/json": components["schemas"]["Deposit"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Currency mismatch; Account closed; Account frozen; Balance limit */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "currency-mismatch" | "account-closed" | "account-frozen" | "balance-limit";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    freezeAccount: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1",
                 *       "reason": "lost card",
                 *       "scope": "debits"
                 *     }
                 */
                "application/json": components["schemas"]["FreezeAccount"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Account closed; No change */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "account-closed" | "no-change";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    listCommands: {
        parameters: {
            query?: {
                /** @description How many at the most. */
                limit?: number;
                /** @description Only these. */
                status?: "accepted" | "rejected";
                /** @description Only those that touch this account. */
                accountId?: components["schemas"]["AccountId"];
                /** @description Only those before this place, which a Link header gave. */
                before?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lines of the command log. */
            200: {
                headers: {
                    /** @description `<…>; rel="next"`, where there is more. */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommandLine"][];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable";
                    };
                };
            };
        };
    };
    placeHold: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1",
                 *       "amount": 120,
                 *       "expiresInSeconds": 86400,
                 *       "holdId": "hotel-7"
                 *     }
                 */
                "application/json": components["schemas"]["PlaceHold"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Hold exists */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "hold-exists";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Currency mismatch; Account closed; Account frozen; Too many holds; Transaction limit; Daily limit; Insufficient funds; Balance limit */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "currency-mismatch" | "account-closed" | "account-frozen" | "too-many-holds" | "transaction-limit" | "daily-limit" | "insufficient-funds" | "balance-limit";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    post: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "postings": [
                 *         {
                 *           "amount": 90,
                 *           "fromAccountId": "acc-1",
                 *           "toAccountId": "acc-2"
                 *         },
                 *         {
                 *           "amount": 10,
                 *           "fromAccountId": "acc-1",
                 *           "toAccountId": "fees"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["Post"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Same account; Currency mismatch; Account closed; Account frozen; Transaction limit; Daily limit; Insufficient funds; Balance limit */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "same-account" | "currency-mismatch" | "account-closed" | "account-frozen" | "transaction-limit" | "daily-limit" | "insufficient-funds" | "balance-limit";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    releaseHold: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1",
                 *       "holdId": "hotel-7"
                 *     }
                 */
                "application/json": components["schemas"]["ReleaseHold"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found; Hold not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found" | "hold-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Hold already settled */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "hold-already-settled";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Hold expired */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "hold-expired";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    reopenAccount: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1"
                 *     }
                 */
                "application/json": components["schemas"]["ReopenAccount"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; No change */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "no-change";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    reverse: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "amount": 100,
                 *       "reason": "paid twice",
                 *       "sequenceNumber": 42
                 *     }
                 */
                "application/json": components["schemas"]["Reverse"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Command not found; Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "command-not-found" | "not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Already reversed */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "already-reversed";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Currency mismatch; Not reversible; Account closed; Account frozen; Insufficient funds; Balance limit */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "currency-mismatch" | "not-reversible" | "account-closed" | "account-frozen" | "insufficient-funds" | "balance-limit";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    setLimits: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1",
                 *       "overdraftLimit": 500,
                 *       "perDay": 2000,
                 *       "perTransaction": null
                 *     }
                 */
                "application/json": components["schemas"]["SetLimits"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Account closed; No change */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "account-closed" | "no-change";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    transfer: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "amount": 100,
                 *       "fromAccountId": "acc-1",
                 *       "toAccountId": "acc-2"
                 *     }
                 */
                "application/json": components["schemas"]["Transfer"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Same account; Currency mismatch; Account closed; Account frozen; Transaction limit; Daily limit; Insufficient funds; Balance limit */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "same-account" | "currency-mismatch" | "account-closed" | "account-frozen" | "transaction-limit" | "daily-limit" | "insufficient-funds" | "balance-limit";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    unfreezeAccount: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1"
                 *     }
                 */
                "application/json": components["schemas"]["FreezeAccount"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Account closed; No change */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "account-closed" | "no-change";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    withdraw: {
        parameters: {
            query?: {
                /** @description Decides the same and writes nothing. */
                dryRun?: boolean;
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                idempotencyKey?: components["schemas"]["CommandId"];
            };
            header?: {
                /** @description The idempotency key: the same key with the same command is answered the same, refusals too. */
                "Idempotency-Key"?: components["schemas"]["CommandId"];
                /** @description The conversation that it belongs to: the events' `correlationId`, else the command's id. */
                "X-Correlation-Id"?: string;
                /** @description W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over. */
                traceparent?: string;
                /** @description The version that the (from-)account must have. */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "accountId": "acc-1",
                 *       "amount": "20.50"
                 *     }
                 */
                "application/json": components["schemas"]["Withdraw"];
            };
        };
        responses: {
            /** @description It is done: the events are in the log, on disk. */
            200: {
                headers: {
                    /** @description It was done before, and is answered from the log. */
                    "Idempotent-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description Malformed JSON; Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "malformed-json" | "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Account not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "account-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Version mismatch */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "version-mismatch";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Idempotency key reused; Currency mismatch; Account closed; Account frozen; Transaction limit; Daily limit; Insufficient funds; Balance limit */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency-key-reused" | "currency-mismatch" | "account-closed" | "account-frozen" | "transaction-limit" | "daily-limit" | "insufficient-funds" | "balance-limit";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded; Outcome unknown */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded" | "outcome-unknown";
                    };
                };
            };
        };
    };
    getCommand: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Percent-encoded. */
                commandId: components["schemas"]["RecordedId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its first answer and its events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Outcome"];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Command not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "command-not-found";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable";
                    };
                };
            };
        };
    };
    getConfig: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As `bursar config` prints them, with what is secret masked. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Setting"][];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description Only those after it; not beyond the end of the log. */
                fromSequence?: number;
                /** @description How many at the most. */
                limit?: number;
                /** @description Only those of these accounts. */
                accountId?: components["schemas"]["AccountId"][];
                /** @description Only those of these types, such as MONEY_DEPOSITED. */
                type?: string[];
                /** @description Only those of this conversation. */
                correlationId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The next ones. */
            200: {
                headers: {
                    /** @description `<…>; rel="next"`, where there is more. */
                    Link?: string;
                    /** @description The end of the log. */
                    "X-Head-Sequence"?: components["schemas"]["Sequence"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"][];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable";
                    };
                };
            };
        };
    };
    streamEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every event, in order. */
            200: {
                headers: {
                    /** @description The end of the log when the stream began. */
                    "X-Head-Sequence"?: components["schemas"]["Sequence"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"][];
                    "application/x-ndjson": string;
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable";
                    };
                };
            };
        };
    };
    followEvents: {
        parameters: {
            query?: {
                /** @description History after it first; without it, what happens from now on. */
                fromSequence?: number;
                /** @description Only those of these accounts. */
                accountId?: components["schemas"]["AccountId"][];
                /** @description Only those of these types, such as MONEY_DEPOSITED. */
                type?: string[];
                /** @description Only those of this conversation. */
                correlationId?: string;
            };
            header?: {
                /** @description Goes on after this event, whatever fromSequence says. */
                "Last-Event-ID"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events as they are committed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Overloaded */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    listEventsOfAccount: {
        parameters: {
            query?: {
                /** @description Only those after it. */
                fromVersion?: number;
                /** @description Without it, all. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Of an account that does not exist there are none. */
                accountId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account's events. */
            200: {
                headers: {
                    /** @description `<…>; rel="next"`, where there is more. */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"][];
                    "application/x-ndjson": string;
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-found";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable";
                    };
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    getLedger: {
        parameters: {
            query?: {
                /** @description Waits until the answer is of this sequence or a later one. */
                atLeast?: number;
                /** @description For how long: `2s`, `500ms` or seconds, at most 10s. */
                timeout?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One per currency. */
            200: {
                headers: {
                    /** @description How far the answer is up to date. */
                    "X-Sequence"?: components["schemas"]["Sequence"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LedgerLine"][];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Not caught up; Views unavailable; Log unavailable */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-caught-up" | "views-unavailable" | "log-unavailable";
                    };
                };
            };
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the text format. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    getOpenapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    listProblems: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The problems. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"][];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    getProblem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its code. */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The problem. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-found";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    listProjections: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The projections. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Projection"][];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    pauseProjection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The projection. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is so now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paused"];
                };
            };
            /** @description Invalid field; Malformed JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field" | "malformed-json";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Projection not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "projection-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    resumeProjection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The projection. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is so now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paused"];
                };
            };
            /** @description Invalid field; Malformed JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field" | "malformed-json";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Projection not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "projection-not-found";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
            /** @description Log unavailable; Views unavailable; Overloaded */
            503: {
                headers: {
                    /** @description Seconds. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "log-unavailable" | "views-unavailable" | "overloaded";
                    };
                };
            };
        };
    };
    startReplay: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is under way. */
            202: {
                headers: {
                    /** @description Where to see how far it is. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replay"];
                };
            };
            /** @description Invalid field; Malformed JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field" | "malformed-json";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Request timeout */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "request-timeout";
                    };
                };
            };
            /** @description Replay running */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "replay-running";
                    };
                };
            };
            /** @description Payload too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload-too-large";
                    };
                };
            };
            /** @description Unsupported media type */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported-media-type";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    getReplay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description One of the last of this process. */
                replayId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The replay. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replay"];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not-found";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
    getStats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Of this process. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stats"];
                };
            };
            /** @description Invalid field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid-field";
                    };
                };
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden";
                    };
                };
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal-error";
                    };
                };
            };
        };
    };
}
