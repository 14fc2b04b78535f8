package standin

import (
	"context"
	"errors"
	"io"
	"time"

	"memgraph-controller/clusters/standin/cypher"
)

// systemPatience is how long a statement waits for another one that changes
// roles, registrations or users.
const systemPatience = 100 * time.Millisecond

// summary is the metadata that drivers read at the end of every result. The
// times of planning and execution are not measured.
func summary(kind string, notes []*notification) map[string]any {
	m := map[string]any{
		"type": kind, "cost_estimate": 0.0, "number_of_hops": int64(0),
		"parsing_time": 0.0, "planning_time": 0.0, "plan_execution_time": 0.0,
	}
	if len(notes) > 0 {
		var all []any
		for _, note := range notes {
			all = append(all, note.encode())
		}
		m["notifications"] = all
	}
	return m
}

// queryResult is that of a query on the graph.
type queryResult struct {
	session *session
	tx      *transaction
	kind    cypher.Kind
	rows    *cypher.Rows
}

func (r *queryResult) Fields() []string { return r.rows.Fields() }

func (r *queryResult) Next(ctx context.Context) ([]any, error) {
	ctx, leave := r.tx.within(ctx)
	defer leave()
	row, err := r.rows.Next(ctx)
	if err != nil && !errors.Is(err, io.EOF) {
		r.session.abort()
		return nil, r.session.failure(err)
	}
	return row, err
}

// Finish commits where the query has a transaction of its own.
func (r *queryResult) Finish(ctx context.Context) (map[string]any, error) {
	var notes []*notification
	if !r.tx.explicit {
		var err error
		if notes, err = r.session.commit(ctx, r.tx); err != nil {
			return nil, err
		}
	}
	m := summary(r.kind.String(), notes)
	if stats := r.rows.Stats().Map(); stats != nil {
		m["stats"] = stats
	}
	return m, nil
}

// statementResult is that of anything else. The statement runs when its first
// row, or its end, is asked for, so its columns are known even if it fails.
type statementResult struct {
	session   *session
	statement *statement
	ran       bool
	answer    answer
	err       error
}

func (r *statementResult) Fields() []string {
	if r.statement.columns == nil {
		return []string{}
	}
	return r.statement.columns
}

func (r *statementResult) Next(ctx context.Context) ([]any, error) {
	if err := r.run(ctx); err != nil {
		return nil, err
	}
	if len(r.answer.rows) == 0 {
		return nil, io.EOF
	}
	row := r.answer.rows[0]
	r.answer.rows = r.answer.rows[1:]
	return row, nil
}

func (r *statementResult) Finish(ctx context.Context) (map[string]any, error) {
	if err := r.run(ctx); err != nil {
		return nil, err
	}
	r.session.abort()
	if r.answer.note == nil {
		return summary(cypher.None.String(), nil), nil
	}
	return summary(cypher.None.String(), []*notification{r.answer.note}), nil
}

func (r *statementResult) run(ctx context.Context) error {
	if r.ran {
		return r.err
	}
	r.ran = true
	r.answer, r.err = r.execute(ctx)
	if r.err != nil {
		r.session.abort()
		r.err = r.session.failure(r.err)
	}
	return r.err
}

func (r *statementResult) execute(ctx context.Context) (answer, error) {
	if r.statement.system {
		if !r.session.i.system.lockWithin(ctx, systemPatience) {
			return answer{}, errSystemBusy
		}
		defer r.session.i.system.unlock()
	}
	got, err := r.statement.run(ctx)
	if thawed := r.session.i.faults.thaw(r.session.i.life); thawed != nil {
		return answer{}, thawed
	}
	return got, err
}
