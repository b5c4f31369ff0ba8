import { describe, expect, test } from "vitest";
import {
  compareSession,
  conclude,
  type ConflictPolicy,
  CONFLICT_POLICIES,
  describeGone,
  type FoundSession,
  type Mapping,
  reasonForNoVerdict,
  targetLayoutOf,
  textBytes,
  type Transformed,
  type Verdict,
  VERIFY_COUNT_NAMES,
  zeroVerifyCounts,
} from "../src/index.js";
import { mappingOf, NOW } from "./example-mapping.js";
import { exampleSession, instant, mappingWith } from "./example-session.js";
import { referenceStore, resolveDescription } from "./resolved-store.js";
import { transformRow } from "./source-row.js";
import { type SourceSession, transformOne } from "./source-session.js";

const NEWER = "2026-11-23T18:38:56.924124Z";
const OLDER = "2026-11-23T18:38:56.924122Z";
const NOTHING: FoundSession = { type: "none", fields: [], expiresAt: null };
const TEXT: FoundSession = { type: "string", fields: [], expiresAt: null };

interface Case {
  readonly session?: Partial<SourceSession>;
  readonly mapping?: Partial<Mapping>;
  readonly conflict?: ConflictPolicy;
  readonly wasRejected?: boolean;
  readonly now?: number;
}

/** The verdict on the example session, when the target holds what `found` makes of what it should hold. */
function verdict(found: (exact: FoundSession) => FoundSession, options: Case = {}): Verdict {
  const mapping = mappingWith(options.mapping);
  const session = exampleSession(options.session);
  const expected = transformOne(mapping)(session, options.now ?? NOW);
  const exact = asWritten(
    transformOne(mapping)(exampleSession({ ...options.session, attributes: [] }), NOW),
  );
  const layout = targetLayoutOf({ store: referenceStore, mapping });
  const run = { layout, conflict: options.conflict ?? "replace" };
  return compareSession(
    expected,
    found(expected.kind === "write" ? asWritten(expected) : exact),
    run,
    options.wasRejected ?? false,
    options.now ?? NOW,
  );
}

function asWritten(transformed: Transformed): FoundSession {
  if (transformed.kind !== "write") return NOTHING;
  const { fields, expiresAt } = transformed.session;
  return { type: "hash", fields: fields.map(textBytes), expiresAt };
}

const exactly = (found: FoundSession) => found;
/** The same in a target that would keep it for ever. */
const longer = (change: (found: FoundSession) => FoundSession) => (found: FoundSession) => ({
  ...change(found),
  expiresAt: null,
});
const nothing = () => NOTHING;
const text = () => TEXT;

/** The value of one field replaced; null takes the field away. */
function withField(name: string, value: string | Buffer | null) {
  return (found: FoundSession): FoundSession => {
    const at = found.fields.findIndex((field, i) => i % 2 === 0 && field.equals(Buffer.from(name)));
    if (at < 0) throw new Error(`no field ${name}`);
    const put = value === null ? [] : [found.fields[at] as Buffer, Buffer.from(value)];
    return { ...found, fields: found.fields.toSpliced(at, 2, ...put) };
  };
}

function withExpiry(change: (expiresAt: number) => number | null) {
  return (found: FoundSession): FoundSession => ({
    ...found,
    expiresAt: change(found.expiresAt ?? 0),
  });
}

describe("matched", () => {
  test("is what was written, whatever the mapping", () => {
    expect(verdict(exactly)).toBe("matched");
    const mapping = {
      timestamps: "epoch-seconds",
      attributes: "json",
      nulls: "empty",
      includeExpiresAt: true,
    } as const;
    expect(verdict(exactly, { mapping, session: { theme: null } })).toBe("matched");
    expect(
      verdict(exactly, {
        session: { username: "é\u{1f36a}\u0000", attributes: ["", "", "__proto__", "x"] },
      }),
    ).toBe("matched");
  });

  test("does not depend on the order of the fields", () => {
    const reordered = (found: FoundSession) => ({
      ...found,
      fields: found.fields.map(
        (_, i) => found.fields[found.fields.length - 2 - i + (i % 2) * 2] as Buffer,
      ),
    });
    expect(verdict((found) => reordered(found))).toBe("matched");
    expect(verdict((found) => withField("theme", "x")(reordered(found)))).toBe("mismatched");
  });

  test("comes before kept and rejected, under every policy", () => {
    for (const conflict of CONFLICT_POLICIES) {
      expect(verdict(exactly, { conflict })).toBe("matched");
      expect(verdict(exactly, { conflict, wasRejected: true })).toBe("matched");
    }
  });

  test("needs every field", () => {
    for (const name of ["user_id", "last_activity_at", "cart_json", "step"]) {
      expect(verdict(withField(name, null))).toBe("mismatched");
    }
    expect(verdict((found) => ({ ...found, fields: [] }))).toBe("mismatched");
  });

  test("needs every field, also when another is told twice in its place", () => {
    const twice = (found: FoundSession) => ({
      ...found,
      fields: [...found.fields.slice(0, -2), ...found.fields.slice(0, 2)],
    });
    expect(verdict(twice)).toBe("mismatched");
  });

  test("needs every value, to the byte", () => {
    for (const value of ["", "ADA", "ada ", "ada\u0000"])
      expect(verdict(withField("username", value))).toBe("mismatched");
    expect(verdict(withField("username", "e\u0301"), { session: { username: "é" } })).toBe(
      "mismatched",
    );
  });

  test("allows no field more", () => {
    const more = (found: FoundSession) => ({
      ...found,
      fields: [...found.fields, Buffer.from("stale"), Buffer.from("1")],
    });
    expect(verdict(more)).toBe("mismatched");
  });

  test("allows the expiry one millisecond either way, and no more", () => {
    const by = (step: number) => verdict(withExpiry((expiresAt) => expiresAt + step));
    expect([-2, -1, 0, 1, 2].map(by)).toStrictEqual([
      "mismatched",
      "matched",
      "matched",
      "matched",
      "mismatched",
    ]);
  });

  test("is nothing that never expires", () => {
    expect(verdict(withExpiry(() => null))).toBe("mismatched");
  });

  test("is no value or name that is not UTF-8, though it decodes to the same text", () => {
    const session = { username: "\ufffd", attributes: ["\ufffd", "1"] };
    expect(verdict(exactly, { session })).toBe("matched");
    expect(verdict(withField("username", Buffer.from([0xff])), { session })).toBe("mismatched");
    const name = (found: FoundSession) => ({
      ...found,
      fields: found.fields.map((field, i) =>
        i % 2 === 0 && field.toString() === "\ufffd" ? Buffer.from([0xff]) : field,
      ),
    });
    expect(verdict(name, { session })).toBe("mismatched");
  });
});

describe("a live session that does not match", () => {
  test("is missing when there is no such key, under every policy", () => {
    for (const conflict of CONFLICT_POLICIES)
      expect(verdict(nothing, { conflict })).toBe("missing");
  });

  test("is mismatched when the key holds another type, under every policy", () => {
    for (const conflict of CONFLICT_POLICIES)
      expect(verdict(text, { conflict })).toBe("mismatched");
  });

  test("is rejected when this run recorded it as such", () => {
    expect(verdict(text, { wasRejected: true })).toBe("rejected");
    expect(verdict(nothing, { wasRejected: true })).toBe("rejected");
    expect(verdict(withField("theme", "x"), { wasRejected: true })).toBe("rejected");
  });

  test("is kept under newer when the target's is newer or cannot be compared, and else mismatched", () => {
    const under = (value: string | Buffer | null) =>
      verdict(withField("last_activity_at", value), { conflict: "newer" });
    expect(under(NEWER)).toBe("kept");
    expect(under("yesterday")).toBe("kept");
    expect(under(Buffer.from([0xff]))).toBe("kept");
    expect(under(OLDER)).toBe("mismatched");
    expect(under(null)).toBe("mismatched");
    expect(verdict(withField("theme", "x"), { conflict: "newer" })).toBe("mismatched");
  });

  test("is never kept under replace, and always under keep", () => {
    expect(verdict(withField("last_activity_at", NEWER), { conflict: "replace" })).toBe(
      "mismatched",
    );
    expect(verdict(withField("last_activity_at", OLDER), { conflict: "keep" })).toBe("kept");
  });

  test("is compared by its last activity's renamed field", () => {
    const mapping = { renames: { last_activity_at: "seen" } };
    expect(verdict(withField("seen", NEWER), { mapping, conflict: "newer" })).toBe("kept");
    expect(verdict(withField("seen", OLDER), { mapping, conflict: "newer" })).toBe("mismatched");
  });

  test("is compared as a number where the mapping writes numbers", () => {
    const options = {
      mapping: { timestamps: "epoch-seconds" },
      session: { lastActivityAt: instant("2001-09-09T01:46:39.000000Z") },
      conflict: "newer",
    } as const;
    expect(verdict(withField("last_activity_at", "1000000000"), options)).toBe("kept");
    expect(verdict(exactly, options)).toBe("matched");
    expect(verdict(withField("theme", "x"), options)).toBe("kept");
    expect(verdict(withField("theme", "x"), { ...options, conflict: "replace" })).toBe(
      "mismatched",
    );
    expect(verdict(withField("last_activity_at", "99999999"), options)).toBe("mismatched");
  });

  test("counts the mapping's text for null as no last activity", () => {
    const mapping = { nulls: { placeholder: "\\N" } };
    expect(verdict(withField("last_activity_at", "\\N"), { mapping, conflict: "newer" })).toBe(
      "mismatched",
    );
    expect(verdict(withField("last_activity_at", ""), { mapping, conflict: "newer" })).toBe("kept");
  });
});

describe("an expired session", () => {
  const now = Date.parse("2026-12-01T00:00:00.000Z");

  test("is expired when the target has no hash of it", () => {
    for (const conflict of CONFLICT_POLICIES) {
      expect(verdict(nothing, { now, conflict })).toBe("expired");
    }
  });

  test("is mismatched while its copy lives on, though the copy be what was written", () => {
    expect(verdict(longer(exactly), { now, conflict: "newer" })).toBe("mismatched");
    const newer = longer(withField("last_activity_at", NEWER));
    expect(verdict(newer, { now, conflict: "replace" })).toBe("mismatched");
    const mapping = { timestamps: "epoch-seconds" } as const;
    expect(verdict(longer(exactly), { mapping, now, conflict: "newer" })).toBe("mismatched");
  });

  test("is expired when its copy expires while one looks", () => {
    expect(verdict(exactly, { now, conflict: "newer" })).toBe("expired");
  });

  test("is kept when the target's is newer or the policy is keep", () => {
    const newer = longer(withField("last_activity_at", NEWER));
    expect(verdict(newer, { now, conflict: "newer" })).toBe("kept");
    expect(verdict(longer(exactly), { now, conflict: "keep" })).toBe("kept");
  });
});

describe("a session that cannot be represented", () => {
  const session = { attributes: ["user_id", "7"] };

  test("is rejected only when this run recorded it as such", () => {
    expect(verdict(nothing, { session, wasRejected: true })).toBe("rejected");
    expect(verdict(exactly, { session, wasRejected: true })).toBe("rejected");
  });

  test("is otherwise missing or mismatched, and never passed over", () => {
    for (const conflict of CONFLICT_POLICIES) {
      expect(verdict(nothing, { session, conflict })).toBe("missing");
      expect(verdict(exactly, { session, conflict })).toBe("mismatched");
    }
  });
});

describe("the conclusion", () => {
  const counts = {
    checked: 21,
    matched: 1,
    missing: 0,
    mismatched: 0,
    extra: 0,
    kept: 4,
    expired: 5,
    rejected: 6,
  };
  const coverage = { planned: 21, read: 21, expired: 0, asked: 21 };

  test("is the contract's document", () => {
    expect(
      conclude(
        "20261123-183856-k3f9",
        "sample",
        { ...counts, missing: 2, mismatched: 3 },
        coverage,
      ),
    ).toStrictEqual({
      run: "20261123-183856-k3f9",
      mode: "sample",
      checked: 21,
      matched: 1,
      missing: 2,
      mismatched: 3,
      extra: null,
      kept: 4,
      expired: 5,
      rejected: 6,
      ok: false,
    });
  });

  test("is ok when nothing is missing, mismatched or extra, whatever was kept, expired or rejected", () => {
    expect(conclude("r", "sample", counts, coverage).ok).toBe(true);
    expect(conclude("r", "count", counts, coverage).ok).toBe(true);
  });

  test("is not ok with a single one missing, mismatched or extra, where that is looked at", () => {
    expect(conclude("r", "sample", { ...counts, missing: 1 }, coverage).ok).toBe(false);
    expect(conclude("r", "count", { ...counts, missing: 1 }, coverage).ok).toBe(false);
    expect(conclude("r", "sample", { ...counts, mismatched: 1 }, coverage).ok).toBe(false);
    expect(conclude("r", "count", { ...counts, extra: 1 }, coverage).ok).toBe(false);
  });

  test("tells null, and decides nothing by it, where a mode does not look", () => {
    expect(conclude("r", "sample", { ...counts, extra: 9 }, coverage)).toMatchObject({
      extra: null,
      ok: true,
    });
    expect(conclude("r", "count", { ...counts, mismatched: 9 }, coverage)).toMatchObject({
      mismatched: null,
      ok: true,
    });
    expect(conclude("r", "sample", counts, coverage).mismatched).toBe(0);
    expect(conclude("r", "count", counts, coverage).extra).toBe(0);
  });

  const BLANK = zeroVerifyCounts();

  test("is no verdict where nothing was compared: the source is empty, or all expired or were rejected", () => {
    const cases = [
      [BLANK, coverage, /source holds no session/],
      [BLANK, { planned: 0, read: 0, expired: 0, asked: 0 }, /no session in its plan/],
      [{ ...BLANK, checked: 21, expired: 20, rejected: 1 }, coverage, /expired or was rejected/],
    ] as const;
    for (const [seen, asked, reason] of cases)
      for (const mode of ["sample", "count"] as const) {
        expect(conclude("r", mode, seen, asked).ok).toBeNull();
        expect(reasonForNoVerdict(seen, asked)).toMatch(reason);
      }
  });

  test("is a difference, and not no verdict, where the target alone holds sessions", () => {
    expect(conclude("r", "count", { ...BLANK, extra: 1 }, coverage).ok).toBe(false);
  });

  test("is no verdict where clearly fewer sessions were found than were planned or asked for", () => {
    const found = (checked: number) => ({ ...BLANK, checked, matched: checked });
    const whole = { planned: 200, read: 200, expired: 0, asked: 200 };
    expect(conclude("r", "count", found(41), whole).ok).toBeNull();
    expect(reasonForNoVerdict(found(41), whole)).toMatch(/^only 41 of 200 sessions/);
    expect(conclude("r", "count", { ...found(41), missing: 1 }, whole).ok).toBe(false);
    expect(conclude("r", "sample", found(20), { ...whole, asked: 50 }).ok).toBeNull();
    expect(conclude("r", "sample", found(50), { ...whole, asked: 50 }).ok).toBe(true);
    expect(conclude("r", "sample", found(50), { ...whole, asked: 50, read: 41 }).ok).toBeNull();
  });

  test("says how many sessions are gone where only a few are, or only those that had expired", () => {
    const found = (checked: number) => ({ ...BLANK, checked, matched: checked });
    const whole = { planned: 200, read: 200, expired: 60, asked: 200 };
    expect(conclude("r", "count", found(140), whole).ok).toBe(true);
    expect(describeGone(found(140), whole)).toMatch(/^60 of 200 sessions/);
    expect(conclude("r", "count", found(110), whole).ok).toBeNull();
    expect(conclude("r", "count", found(199), { ...whole, expired: 0 }).ok).toBe(true);
    expect(describeGone(found(199), whole)).toMatch(/^1 of 200 sessions/);
    expect(describeGone(found(200), whole)).toBeNull();
    expect(describeGone(found(201), whole)).toBeNull();
  });

  test("starts from zero of every count", () => {
    expect(Object.keys(zeroVerifyCounts()).toSorted()).toStrictEqual(
      [...VERIFY_COUNT_NAMES].toSorted(),
    );
    expect(new Set(Object.values(zeroVerifyCounts()))).toStrictEqual(new Set([0]));
  });
});

describe("a string, compared by its expiry,", () => {
  const EXPIRES_AT = NOW + 10_000;
  const store = resolveDescription(
    { sessions: { table: "t", id: "id", expires: "until" }, value: { string: "v" } },
    { until: "time", v: "bytes" },
  );
  const layout = targetLayoutOf({ store, mapping: mappingOf(store) });
  const value = Buffer.of(0, 0xff);
  const cells = { id: "a", until: BigInt(EXPIRES_AT) * 1000n, v: value };

  function judged(
    found: Partial<FoundSession>,
    { conflict = "newer", now = NOW }: { conflict?: ConflictPolicy; now?: number } = {},
  ): Verdict {
    const expected = transformRow(store, { cells }, {}, { now, startedAt: NOW });
    const held = { type: "string", fields: [Buffer.of(), value], expiresAt: EXPIRES_AT, ...found };
    return compareSession(expected, held, { layout, conflict }, false, now);
  }

  const other = { fields: [Buffer.of(), Buffer.from("\ufffd")] };

  test("is matched where every byte is the same", () => {
    expect(judged({})).toBe("matched");
    expect(judged({ fields: [Buffer.of(), Buffer.of(0, 0xfe)] })).toBe("mismatched");
    expect(judged({ expiresAt: EXPIRES_AT - 2 })).toBe("mismatched");
  });

  test("is mismatched where the key is a hash, whatever it holds", () => {
    expect(judged({ type: "hash" })).toBe("mismatched");
  });

  test("is kept under newer where the target's lives longer, or for ever", () => {
    expect(judged({ ...other, expiresAt: EXPIRES_AT + 2 })).toBe("kept");
    expect(judged({ ...other, expiresAt: null })).toBe("kept");
    expect(judged({ ...other, expiresAt: EXPIRES_AT + 1 })).toBe("mismatched");
    expect(judged({ ...other, expiresAt: EXPIRES_AT + 2 }, { conflict: "replace" })).toBe(
      "mismatched",
    );
  });

  test("is expired in the source, and kept where the target's lives on", () => {
    const now = EXPIRES_AT;
    expect(judged({}, { now })).toBe("expired");
    expect(judged({ expiresAt: EXPIRES_AT + 5_000 }, { now })).toBe("kept");
    expect(judged({ expiresAt: EXPIRES_AT + 5_000 }, { now, conflict: "replace" })).toBe(
      "mismatched",
    );
  });
});
