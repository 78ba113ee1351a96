package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Token is a bearer token as it may be shown: all but the token itself, of which only a hash is kept.
type Token struct {
	entity.Row
	ID        id.Token       `db:"id"`
	Name      string         `db:"name"`
	Roles     pq.StringArray `db:"roles"`
	UserID    id.User        `db:"user_id"` // whom a demo token signs in
	ExpiresAt *time.Time     `db:"expires_at"`
	RevokedAt *time.Time     `db:"revoked_at"`
	CreatedAt time.Time      `db:"created_at"`
	CreatedBy id.User        `db:"created_by"`
}

// Tokens describes tokens. They are the org's, so that they are read all or not at all.
var Tokens = entity.New[Token]("token", "service_token k",
	entity.Reach[Token]{},
	entity.Text("name", "k.name").Sort("k.name"),
	entity.Instant("expiresAt", "k.expires_at"),
	entity.Instant("revokedAt", "k.revoked_at"),
	entity.Instant("createdAt", "k.created_at").Sort("k.created_at"),
).DefaultOrder(entity.Order{Field: "createdAt", Desc: true})

// RevokeToken ends a token for good: its next request is refused, on every server. Revoking it again changes nothing.
// Permission: token revoke. Errors: FORBIDDEN, NOT_FOUND; BAD_INPUT for the last token through which the org can be
// administered.
func (s *Service) RevokeToken(ctx context.Context, by *Principal, token id.Token) error {
	if err := by.Require("token", "revoke"); err != nil {
		return err
	}
	now := s.clock.Now()
	_, err := Write(ctx, s.pool, by, now, func(tx *pg.Tx) (id.UUID, error) {
		return token.UUID, s.revokeToken(ctx, tx, by, now, token)
	})
	return err
}

func (s *Service) revokeToken(ctx context.Context, tx *pg.Tx, by *Principal, now time.Time, token id.Token) error {
	g, err := Lock(ctx, tx, by, now, "token", "revoke")
	if err != nil {
		return err
	}
	t := g.before.tokens[token]
	if t == nil {
		return errs.New(errs.NotFound, "There is no such token, or none that you may see.").At("tokenId")
	}
	if t.RevokedAt != nil {
		return nil
	}
	if ways := g.before.waysIn(now, s.demo); len(ways) == 1 && ways[0] == token {
		return errs.New(errs.BadInput, "This is the last token through which the policy can be changed and roles granted. Make another first.").
			At("tokenId").With("rule", "last admin")
	}
	_, err = tx.Exec(ctx, `
		update service_token
		   set revoked_at = $3
		 where org_id = $1
		   and id = $2`, by.Org, token, now)
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return event.Record(ctx, tx, by.Org, by.Actor(), event.Entry{
		Kind: event.Kind(event.Updated), Entity: id.TokenKind, ID: token.UUID, Detail: "revoked",
		Fields: []event.Field{{Name: "revokedAt", After: now}}, At: now,
	})
}

// uses remembers when tokens were last used until that is written, so that a request writes nothing.
type uses struct {
	mu   sync.Mutex
	last map[Identity]time.Time
}

func (u *uses) note(i Identity, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil {
		u.last = map[Identity]time.Time{}
	}
	if at.After(u.last[i]) {
		u.last[i] = at
	}
}

func (u *uses) take() map[Identity]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	out := u.last
	u.last = nil
	return out
}

// usesEvery is how often the last uses of tokens are written, and so how much later than the truth they may be shown.
const usesEvery = time.Minute

// RecordUses writes the tokens' last uses once a minute until the context ends, and then once more.
func (s *Service) RecordUses(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(usesEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.WriteUses(ctx); err != nil {
				failed(err)
			}
		case <-ctx.Done():
			if err := s.writeLastUses(context.WithoutCancel(ctx)); err != nil {
				failed(err)
			}
			return
		}
	}
}

// writeLastUses is WriteUses for a server that stops and does not wait for long.
func (s *Service) writeLastUses(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pg.StatementTimeout)
	defer cancel()
	return s.WriteUses(ctx)
}

// WriteUses writes when tokens were last used, one statement an org. The reference version stays: nothing is decided
// by it. What could not be written is tried again the next time.
func (s *Service) WriteUses(ctx context.Context) error {
	byOrg := map[id.Org]map[id.Token]time.Time{}
	for i, at := range s.uses.take() {
		if byOrg[i.Org] == nil {
			byOrg[i.Org] = map[id.Token]time.Time{}
		}
		byOrg[i.Org][i.Token] = at
	}
	var failed []error
	for o, tokens := range byOrg {
		if err := s.writeUses(ctx, o, tokens); err != nil {
			failed = append(failed, fmt.Errorf("write last uses of tokens: %w", err))
			for t, at := range tokens {
				s.uses.note(Identity{o, t}, at)
			}
		}
	}
	return errors.Join(failed...)
}

func (s *Service) writeUses(ctx context.Context, o id.Org, tokens map[id.Token]time.Time) error {
	var ids, at []string
	for t, used := range tokens {
		ids, at = append(ids, t.String()), append(at, used.UTC().Format(time.RFC3339Nano))
	}
	return s.pool.Write(ctx, pg.Session{Org: o.UUID}, func(tx *pg.Tx) error {
		// In the order of ids, so that two servers do not wait for each other.
		_, err := tx.Exec(ctx, `
			insert into token_use (org_id, token_id, used_at)
			select $1, token_id, used_at
			  from unnest($2::uuid[], $3::timestamptz[]) as u (token_id, used_at)
			 order by token_id
			    on conflict (org_id, token_id) do update
			   set used_at = greatest(token_use.used_at, excluded.used_at)`, o, ids, at)
		return err
	})
}

// LastUses gives when the tokens were last used, as far as that is written; one that never was is not in the answer.
func LastUses(ctx context.Context, db pg.DB, org id.Org, tokens []id.UUID) (map[id.Token]time.Time, error) {
	var rows []struct {
		Token id.Token  `db:"token_id"`
		At    time.Time `db:"used_at"`
	}
	err := db.Select(ctx, &rows, `
		select token_id, used_at
		  from token_use
		 where org_id = $1
		   and token_id = any($2::uuid[])`, org, id.Array(tokens))
	if err != nil {
		return nil, fmt.Errorf("load last uses of tokens: %w", err)
	}
	out := make(map[id.Token]time.Time, len(rows))
	for _, r := range rows {
		out[r.Token] = r.At.UTC()
	}
	return out, nil
}
