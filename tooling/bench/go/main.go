// Moves the sessions of one store from PostgreSQL to Redis, as someone who knows Go and both databases would write it
// for one migration: one streamed query, and pipelines on several connections. It does not resume, keeps nothing newer
// and verifies nothing.
//
// Argument: the store. Environment: SOURCE_URL, TARGET_URL and WORK_MEM, which is PostgreSQL's setting of that name.
// Prints {"moved", "cpuSeconds", "peakBytes"}.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// writers have one connection each, and so many pipelines are under way at once.
	writers = 8
	// batchSize is in sessions: a pipeline has 500 commands of SET, or 1,000 of HSET and PEXPIREAT.
	batchSize = 500
)

// store reads a session from a row and writes one to a pipeline.
type store[S any] struct {
	query string
	scan  func(row pgx.Rows, session *S) error
	write func(ctx context.Context, pipe redis.Pipeliner, session *S)
}

func main() {
	moved, err := moveStore(context.Background(), os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"moved":      moved,
		"cpuSeconds": seconds(used.Utime) + seconds(used.Stime),
		"peakBytes":  used.Maxrss * 1024,
	})
}

func moveStore(ctx context.Context, name string) (int, error) {
	switch name {
	case "reference":
		return move(ctx, reference)
	case "connect-pg-simple":
		return move(ctx, connectPgSimple)
	default:
		return 0, fmt.Errorf("unknown store %s", name)
	}
}

func move[S any](ctx context.Context, from store[S]) (int, error) {
	source, err := openSource(ctx)
	if err != nil {
		return 0, err
	}
	defer source.Close(ctx)
	target, err := openTarget()
	if err != nil {
		return 0, err
	}
	defer target.Close()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := make(chan []S, writers)
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for batch := range batches {
				if err := writeBatch(ctx, target, from, batch); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	moved, err := read(ctx, source, from, batches)
	close(batches)
	writing.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return moved, err
}

// read streams the rows: the server plans for all of them, since there is no cursor.
func read[S any](ctx context.Context, source *pgx.Conn, from store[S], batches chan<- []S) (int, error) {
	rows, err := source.Query(ctx, from.query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	moved := 0
	batch := make([]S, 0, batchSize)
	send := func() error {
		select {
		case batches <- batch:
			moved += len(batch)
			batch = make([]S, 0, batchSize)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for rows.Next() {
		batch = append(batch, *new(S))
		if err := from.scan(rows, &batch[len(batch)-1]); err != nil {
			return moved, err
		}
		if len(batch) == batchSize {
			if err := send(); err != nil {
				return moved, err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return moved, err
	}
	return moved, send()
}

func writeBatch[S any](ctx context.Context, target *redis.Client, to store[S], batch []S) error {
	if len(batch) == 0 {
		return nil
	}
	_, err := target.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range batch {
			to.write(ctx, pipe, &batch[i])
		}
		return nil
	})
	return err
}

func openSource(ctx context.Context) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(os.Getenv("SOURCE_URL"))
	if err != nil {
		return nil, err
	}
	// The same settings as the tuned one-liner's.
	for name, value := range map[string]string{"jit": "off", "work_mem": os.Getenv("WORK_MEM"), "timezone": "UTC"} {
		config.RuntimeParams[name] = value
	}
	return pgx.ConnectConfig(ctx, config)
}

func openTarget() (*redis.Client, error) {
	options, err := redis.ParseURL(os.Getenv("TARGET_URL"))
	if err != nil {
		return nil, err
	}
	options.PoolSize = writers
	// Only some managed servers announce their maintenance; others do not know the command.
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(options), nil
}

func seconds(of syscall.Timeval) float64 {
	return float64(of.Sec) + float64(of.Usec)/1e6
}
