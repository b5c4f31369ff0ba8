package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

type nodeSession struct {
	key    string
	value  []byte
	expire time.Time
}

var connectPgSimple = store[nodeSession]{
	query: `SELECT 'sess:' || sid, sess, expire FROM session WHERE expire > localtimestamp`,
	scan: func(row pgx.Rows, s *nodeSession) error {
		return row.Scan(&s.key, &s.value, &s.expire)
	},
	write: func(ctx context.Context, pipe redis.Pipeliner, s *nodeSession) {
		pipe.Do(ctx, "SET", s.key, s.value, "PXAT", s.expire.UnixMilli())
	},
}
