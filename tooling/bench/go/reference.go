package main

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

type userSession struct {
	key, username, email     string
	userID                   int64
	ip, agent                *string
	created, active          *time.Time
	theme, language          *string
	notifications            *bool
	expires                  time.Time
	attributeKeys, attribute []string
}

var reference = store[userSession]{
	// Whole tables, joined by hash.
	query: `
SELECT 'session:' || s.session_id, s.user_id, u.username, u.email, s.ip_address, s.user_agent, s.created_at, s.last_activity_at,
       p.theme, p.language, p.notifications_enabled, s.expires_at, d.keys, d.values
  FROM user_sessions s
  JOIN users u USING (user_id)
  LEFT JOIN user_preferences p USING (user_id)
  LEFT JOIN (SELECT session_id, array_agg(attribute_key) AS keys, array_agg(attribute_value) AS values
               FROM session_data WHERE attribute_value IS NOT NULL GROUP BY session_id) d USING (session_id)
 WHERE s.expires_at > localtimestamp`,
	scan: func(row pgx.Rows, s *userSession) error {
		return row.Scan(&s.key, &s.userID, &s.username, &s.email, &s.ip, &s.agent, &s.created, &s.active,
			&s.theme, &s.language, &s.notifications, &s.expires, &s.attributeKeys, &s.attribute)
	},
	write: func(ctx context.Context, pipe redis.Pipeliner, s *userSession) {
		fields := make([]any, 0, 20+2*len(s.attributeKeys))
		fields = append(fields, "user_id", strconv.FormatInt(s.userID, 10), "username", s.username, "email", s.email)
		fields = appendText(fields, "ip_address", s.ip)
		fields = appendText(fields, "user_agent", s.agent)
		fields = appendTime(fields, "session_created_at", s.created)
		fields = appendTime(fields, "last_activity_at", s.active)
		fields = appendText(fields, "theme", s.theme)
		fields = appendText(fields, "language", s.language)
		if s.notifications != nil {
			fields = append(fields, "notifications_enabled", strconv.FormatBool(*s.notifications))
		}
		for i, key := range s.attributeKeys {
			fields = append(fields, key, s.attribute[i])
		}
		pipe.HSet(ctx, s.key, fields...)
		pipe.PExpireAt(ctx, s.key, s.expires)
	},
}

func appendText(fields []any, name string, value *string) []any {
	if value == nil {
		return fields
	}
	return append(fields, name, *value)
}

func appendTime(fields []any, name string, value *time.Time) []any {
	if value == nil {
		return fields
	}
	return append(fields, name, value.Format("2006-01-02T15:04:05.000000Z"))
}
