import {
  makeTransform,
  type Mapping,
  type SessionId,
  SourceBatch,
  type Transformed,
  TransformedBatch,
} from "../src/index.js";
import { NOW } from "./example-mapping.js";
import { referenceStore } from "./resolved-store.js";
import { batchOfRows, type SourceRow } from "./source-row.js";

/** A session of the reference store as an object, SQL NULL as null. */
export interface SourceSession {
  readonly id: SessionId;
  readonly userId: string | null;
  readonly username: string | null;
  readonly email: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  /** In microseconds. */
  readonly createdAt: bigint | null;
  readonly lastActivityAt: bigint | null;
  readonly expiresAt: bigint;
  readonly theme: string | null;
  readonly language: string | null;
  readonly notificationsEnabled: boolean | null;
  /** key, value, key, value … */
  readonly attributes: readonly (string | null)[];
  /** As the source counts them, whatever the texts above are. */
  readonly bytes: number;
}

function rowOf(session: SourceSession): SourceRow {
  const { attributes, bytes } = session;
  const cells = {
    session_id: session.id,
    user_id: session.userId,
    ip_address: session.ipAddress,
    user_agent: session.userAgent,
    created_at: session.createdAt,
    expires_at: session.expiresAt,
    last_activity_at: session.lastActivityAt,
    "1.username": session.username,
    "1.email": session.email,
    "2.theme": session.theme,
    "2.language": session.language,
    "2.notifications_enabled": session.notificationsEnabled,
  };
  return { cells, attributes, bytes };
}

/** In a new batch, or in one that is empty or was cleared. */
export function batchOf(
  sessions: readonly SourceSession[],
  batch = new SourceBatch(referenceStore.columns),
): SourceBatch {
  return batchOfRows(referenceStore, sessions.map(rowOf), batch);
}

/** What becomes of one session, in a batch of its own. */
export function transformOne(
  mapping: Mapping,
): (session: SourceSession, now: number) => Transformed {
  const transform = makeTransform({ store: referenceStore, mapping, startedAt: NOW });
  const into = new TransformedBatch();
  return (session, now) => {
    transform(batchOf([session]), now, into);
    return into.at(0);
  };
}
