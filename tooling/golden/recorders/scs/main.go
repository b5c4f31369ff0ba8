// Command scs records sessions as alexedwards/scs keeps them in PostgreSQL and in Redis.
// SOURCE_URL names an empty PostgreSQL database, TARGET_URL an empty Redis. JSON goes to stdout.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"runtime/debug"
	"time"

	"github.com/alexedwards/scs/postgresstore"
	"github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"
	_ "github.com/lib/pq"
)

// From the README of postgresstore, which creates no table itself.
var schema = []string{
	"CREATE TABLE sessions (\n\ttoken TEXT PRIMARY KEY,\n\tdata BYTEA NOT NULL,\n\texpiry TIMESTAMPTZ NOT NULL\n);",
	"CREATE INDEX sessions_expiry_idx ON sessions (expiry);",
}

const (
	keyPrefix = "scs:session:" // the default of redisstore.New
	year      = 365 * 24 * time.Hour
)

type values map[string]any

type session struct {
	about  string
	values values
	setUp  func(*scs.SessionManager)
}

var sessions = []session{
	{about: "strings", values: values{"user": "ada", "theme": "dark", "flash": ""}},
	{about: "unicode", values: values{"name": "Jürgen Groß", "city": "東京", "mood": "😀👩‍👩‍👧", "größe": "½ m"}},
	{about: "numbers, booleans, nested values", values: values{
		"count": 42, "big": int64(9007199254740993), "ratio": 0.1, "admin": true, "guest": false,
		"seen": time.Date(2026, 2, 3, 4, 5, 6, 789000000, time.UTC),
		"cart": map[string]any{"items": []any{"tea", 3, true}, "note": map[string]any{"text": "süß"}},
	}},
	{about: "bytes that are not UTF-8", values: values{"raw": []byte{0x00, 0xff, 0xfe, 0xc3, 0x28, 0x0d, 0x0a, 0x80}}},
	{about: "empty", values: values{}},
	{about: "HashTokenInStore", values: values{"user": "grace"},
		setUp: func(m *scs.SessionManager) { m.HashTokenInStore = true }},
	{about: "idle timeout: the column is earlier than the deadline in the data", values: values{"user": "linus"},
		setUp: func(m *scs.SessionManager) { m.Lifetime, m.IdleTimeout = 60*year, 30*year }},
}

type hexBytes []byte

func (b hexBytes) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"hex": hex.EncodeToString(b)})
}

type row struct {
	Token  string   `json:"token"`
	Data   hexBytes `json:"data"`
	Expiry string   `json:"expiry"`

	expiryMs int64
}

type tableRow struct {
	Table string `json:"table"`
	Row   row    `json:"row"`
	About string `json:"about"`
}

type key struct {
	Key       string   `json:"key"`
	Type      string   `json:"type"`
	Value     hexBytes `json:"value"`
	ExpiresAt int64    `json:"expiresAt"`
}

type golden struct {
	About          string            `json:"about"`
	Versions       map[string]string `json:"versions"`
	Preset         string            `json:"preset"`
	Options        map[string]any    `json:"options"`
	ServerTimeZone string            `json:"serverTimeZone"`
	Schema         []string          `json:"schema"`
	Rows           []tableRow        `json:"rows"`
	Keys           []key             `json:"keys"`
	Expired        []any             `json:"expired"`
	Rejected       []any             `json:"rejected"`
}

func main() {
	gob.Register(map[string]any{})
	gob.Register([]any{})
	gob.Register(time.Time{})

	db := must(sql.Open("postgres", os.Getenv("SOURCE_URL")))
	pool := &redis.Pool{Dial: func() (redis.Conn, error) { return redis.DialURL(os.Getenv("TARGET_URL")) }}
	conn := pool.Get()
	for _, statement := range schema {
		must(db.Exec(statement))
	}

	both := &bothStores{
		source: postgresstore.NewWithCleanupInterval(db, 0),
		target: redisstore.New(pool),
	}
	out := golden{
		About: time.Now().UTC().Format(time.DateOnly) + ": SessionManager committed each session to postgresstore and, with " +
			"the same token, data and expiry, to redisstore. A key made from the row alone (prefix + token, data verbatim, " +
			"PEXPIREAT expiry in ms, rounded down) was equal to the one that redisstore wrote, and SessionManager with " +
			"redisstore read every value from it. Lifetimes are 30 years. Throwaway tokens.",
		Versions: versions(db, conn),
		Preset:   "scs",
		Options:  map[string]any{},
		Schema:   schema,
		Expired:  []any{},
		Rejected: []any{},
	}
	check(db.QueryRow("SHOW timezone").Scan(&out.ServerTimeZone))

	for _, s := range sessions {
		token := write(s, both)
		stored := readRow(db, both.token)
		written := dump(conn, stored)
		carried := carryOver(conn, stored)
		if !reflect.DeepEqual(written, carried) {
			log.Fatalf("%s: the library wrote %v, the rule %v", s.about, written, carried)
		}
		if read := read(s, both.target, token); !reflect.DeepEqual(read, s.values) {
			log.Fatalf("%s: wrote %v, read %v", s.about, s.values, read)
		}
		out.Rows = append(out.Rows, tableRow{Table: "sessions", Row: stored, About: s.about})
		out.Keys = append(out.Keys, written)
		log.Printf("%s: read back by redisstore", s.about)
	}

	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	check(encoder.Encode(out))
}

// bothStores commits a session to both stores. Its token is the last one as the stores see it:
// with HashTokenInStore not the one in the cookie.
type bothStores struct {
	scs.Store
	source, target scs.Store
	token          string
}

func (b *bothStores) Commit(token string, data []byte, expiry time.Time) error {
	b.token = token
	return errors.Join(b.source.Commit(token, data, expiry), b.target.Commit(token, data, expiry))
}

func manager(s session, store scs.Store) *scs.SessionManager {
	m := scs.New()
	m.Lifetime = 30 * year
	m.Store = store
	if s.setUp != nil {
		s.setUp(m)
	}
	return m
}

// write commits a new session, as the LoadAndSave middleware does, and returns the token of the cookie.
func write(s session, store scs.Store) string {
	m := manager(s, store)
	ctx := must(m.Load(context.Background(), ""))
	for name, value := range s.values {
		m.Put(ctx, name, value)
	}
	token, _, err := m.Commit(ctx)
	check(err)
	return token
}

func read(s session, store scs.Store, token string) values {
	m := manager(s, store)
	ctx := must(m.Load(context.Background(), token))
	if m.Token(ctx) != token {
		log.Fatalf("no session %s", token)
	}
	found := values{}
	for _, name := range m.Keys(ctx) {
		found[name] = m.Get(ctx, name)
	}
	return found
}

func readRow(db *sql.DB, token string) row {
	var r row
	check(db.QueryRow(`SELECT token, data, expiry::text, floor(extract(epoch FROM expiry) * 1000)::bigint
		FROM sessions WHERE token = $1`, token).Scan(&r.Token, (*[]byte)(&r.Data), &r.Expiry, &r.expiryMs))
	return r
}

// carryOver replaces the session's key by one made from the row without the library.
func carryOver(conn redis.Conn, r row) key {
	must(conn.Do("DEL", keyPrefix+r.Token))
	must(conn.Do("SET", keyPrefix+r.Token, []byte(r.Data)))
	must(conn.Do("PEXPIREAT", keyPrefix+r.Token, r.expiryMs))
	return dump(conn, r)
}

func dump(conn redis.Conn, r row) key {
	name := keyPrefix + r.Token
	k := key{
		Key:       name,
		Type:      must(redis.String(conn.Do("TYPE", name))),
		Value:     must(redis.Bytes(conn.Do("GET", name))),
		ExpiresAt: must(redis.Int64(conn.Do("PEXPIRETIME", name))),
	}
	if k.ExpiresAt != r.expiryMs || !bytes.Equal(k.Value, r.Data) {
		log.Fatalf("%s differs from its row: %v, %v", name, k, r)
	}
	return k
}

func versions(db *sql.DB, conn redis.Conn) map[string]string {
	found := map[string]string{}
	info, _ := debug.ReadBuildInfo()
	found["go"] = info.GoVersion
	for _, module := range info.Deps {
		found[module.Path] = module.Version
	}
	var postgres string
	check(db.QueryRow("SHOW server_version").Scan(&postgres))
	fmt.Sscan(postgres, &postgres)
	found["postgresql"] = postgres
	for _, line := range bytes.Split(must(redis.Bytes(conn.Do("INFO", "server"))), []byte("\r\n")) {
		if version, ok := bytes.CutPrefix(line, []byte("redis_version:")); ok {
			found["redis"] = string(version)
		}
	}
	return found
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
