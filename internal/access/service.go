package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// TokenPrefix begins every token that Entente makes, so that a leaked one is recognised for what it is.
const TokenPrefix = "ent_"

// Service resolves bearer tokens to principals and manages tokens.
type Service struct {
	pool      *pg.Pool
	clock     clock.Clock
	demo      bool
	snapshots *pg.Cached[*snapshot]
	known     *lru.Cache[[sha256.Size]byte, Identity]
	uses      uses
}

// NewService makes the service. In demo mode demo tokens are accepted.
func NewService(pool *pg.Pool, c clock.Clock, demo bool) *Service {
	known, err := lru.New[[sha256.Size]byte, Identity](10_000)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &Service{pool: pool, clock: c, demo: demo, snapshots: pg.NewCached(loadSnapshot), known: known}
}

// Identity is what a bearer token stands for, before anything is known of what it may.
type Identity struct {
	Org   id.Org   `db:"org_id"`
	Token id.Token `db:"token_id"`
}

var errToken = errs.New(errs.Unauthenticated, "This token is not valid: it is unknown, revoked or expired. Send a valid one as \"Authorization: Bearer …\".")

// Identify finds whose token it is. It says nothing yet about whether it is still valid: Resolve does.
// Errors: UNAUTHENTICATED.
func (s *Service) Identify(ctx context.Context, bearer string) (Identity, error) {
	if bearer == "" {
		return Identity{}, errs.New(errs.Unauthenticated, "Sign in first: send a token as \"Authorization: Bearer …\".")
	}
	hash := sha256.Sum256([]byte(bearer))
	if i, ok := s.known.Get(hash); ok {
		return i, nil
	}
	h := s.pool.Read(pg.Session{})
	defer h.Close()
	var i Identity
	err := h.Get(ctx, &i, `select org_id, token_id from token_lookup where hash = $1`, hash[:])
	if errors.Is(err, sql.ErrNoRows) {
		return Identity{}, errToken
	}
	if err != nil {
		return Identity{}, fmt.Errorf("look token up: %w", err)
	}
	s.known.Add(hash, i)
	return i, nil
}

// Resolve makes the principal as the transaction sees it. Errors: UNAUTHENTICATED when the token was revoked or has
// expired, or its person was deactivated.
func (s *Service) Resolve(ctx context.Context, db pg.Versioned, i Identity) (*Principal, error) {
	snap, err := s.snapshots.Get(ctx, db, i.Org.UUID)
	if err != nil {
		return nil, err
	}
	version, err := db.Version(ctx)
	if err != nil {
		return nil, err
	}
	return s.principal(snap, version, i)
}

// Remembered makes the principal from what was read last, without asking the database: for a mutation, whose write finds
// out whether that still holds (see Write). It tells false where nothing was read, or where the token was not valid then.
func (s *Service) Remembered(i Identity) (*Principal, bool) {
	snap, version, ok := s.snapshots.Peek(i.Org.UUID)
	if !ok {
		return nil, false
	}
	p, err := s.principal(snap, version, i)
	if err != nil {
		return nil, false
	}
	p.renew = func(ctx context.Context, db pg.Versioned) (*Principal, error) { return s.Resolve(ctx, db, i) }
	return p, true
}

func (s *Service) principal(snap *snapshot, version int64, i Identity) (*Principal, error) {
	now := s.clock.Now()
	p, err := snap.principal(i.Token, now)
	if err != nil {
		return nil, err
	}
	if snap.tokens[i.Token].Demo && !s.demo {
		return nil, errToken
	}
	p.version = version
	s.uses.note(i, now)
	return p, nil
}

// principal is who the token stands for at the moment. Errors: UNAUTHENTICATED.
func (s *snapshot) principal(token id.Token, at time.Time) (*Principal, error) {
	t := s.tokens[token]
	if t == nil || t.RevokedAt != nil || t.ExpiresAt != nil && !at.Before(*t.ExpiresAt) {
		return nil, errToken
	}
	p := &Principal{Org: s.org, Token: t.ID, Name: t.Name, User: t.User, facts: s}
	p.tables = append(p.tables, s.byToken[t.ID])
	p.addRoles(s, t.Roles)
	if !t.User.IsZero() {
		u := s.users[t.User]
		if u == nil || !u.Active {
			return nil, errToken
		}
		p.Name = u.Name
		p.addRoles(s, u.Roles)
		// Found out when a statement asks for them: who reaches all rows never does.
		p.around = sync.OnceValue(func() surroundings { return s.surroundings(t.User, at) })
	}
	return p, nil
}

func (p *Principal) addRoles(snap *snapshot, roles []string) {
	for _, r := range Roles { // in the order in which they are shown
		if slices.Contains(roles, string(r)) && !slices.Contains(p.Roles, r) {
			p.Roles = append(p.Roles, r)
			p.tables = append(p.tables, snap.byRole[r])
		}
	}
}

// Seed gives a new org the built-in policy.
func Seed(ctx context.Context, tx *pg.Tx, org id.Org) error {
	rules := make([][]string, len(Builtin))
	for i, r := range Builtin {
		rules[i] = []string{string(r.Role), org.String(), r.Object, r.Action, string(r.Reach)}
	}
	return (&adapter{ctx: ctx, db: tx, org: org}).AddPolicies("p", "p", rules)
}

// RoleGrant gives roles to a person.
type RoleGrant struct {
	User  id.User
	Roles []Role
}

// GrantRoles gives people roles, for set-up and imports by an operator; a role already held stays as it is.
func GrantRoles(ctx context.Context, tx *pg.Tx, by *Principal, at time.Time, grants []RoleGrant) error {
	if err := by.Require("role", "grant"); err != nil {
		return err
	}
	var users, roles []string
	for _, g := range grants {
		for _, r := range g.Roles {
			users, roles = append(users, g.User.String()), append(roles, string(r))
		}
	}
	var given []struct {
		User id.User `db:"user_id"`
		Role string  `db:"role"`
	}
	err := tx.Select(ctx, &given, `
		insert into role_grant (org_id, user_id, role, granted_at, granted_by)
		select $1, user_id, role, $4, $5
		  from unnest($2::uuid[], $3::text[]) as g (user_id, role)
		    on conflict do nothing
		returning user_id, role`, by.Org, users, roles, at, by.User)
	if err != nil {
		return fmt.Errorf("grant roles: %w", err)
	}
	entries := make([]event.Entry, len(given))
	for i, g := range given {
		entries[i] = event.Entry{
			Kind: event.PolicyChanged, Entity: id.UserKind, ID: g.User.UUID, Detail: "role granted",
			Fields: []event.Field{{Name: "role", After: g.Role}}, At: at,
		}
	}
	return event.Record(ctx, tx, by.Org, by.Actor(), entries...)
}

// TokenParams describe a token to be made.
type TokenParams struct {
	Name      string
	Roles     []Role
	Allow     []string // object:action:reach
	ExpiresAt *time.Time

	DemoSecret string  // demo mode's fixed token; "" makes a random one
	DemoUser   id.User // whom a demo token signs in; what they may is what they were granted, and Roles may be empty
}

// maxAllow is how many permissions a token may list.
const maxAllow = 250

// Validate collects what is wrong with the parameters.
func (t TokenParams) Validate(now time.Time) ([]Rule, error) {
	var bad errs.List
	if n := len(strings.TrimSpace(t.Name)); n == 0 || n > 200 {
		bad.Add(errs.BadInput, "name", "Give the token a name of up to 200 characters that says what uses it.")
	}
	if len(t.Roles) == 0 && t.DemoUser.IsZero() {
		bad.Add(errs.BadInput, "roles", "Give the token at least one role: %s.", join(Roles))
	}
	for _, r := range t.Roles {
		if !slices.Contains(Roles, r) {
			bad.Add(errs.BadInput, "roles", "%q is not a role. The roles are %s.", r, join(Roles))
		}
	}
	if t.ExpiresAt != nil && !t.ExpiresAt.After(now) {
		bad.Add(errs.BadInput, "expiresAt", "The expiry lies in the past.")
	}
	if len(t.Allow) > maxAllow {
		bad.Add(errs.LimitExceeded, "allow", "A token lists at most %d permissions; this one has %d. Give it a role that grants them.", maxAllow, len(t.Allow))
	}
	var allow []Rule
	for _, text := range t.Allow[:min(len(t.Allow), maxAllow)] {
		f := strings.Split(text, ":")
		if len(f) != 3 || !Known(f[0], f[1]) || !slices.Contains(reaches, Reach(f[2])) {
			bad.Add(errs.BadInput, "allow", "%q is not a permission. Write object:action:reach, such as deal:read:all.", text)
			continue
		}
		if e := grantable(f[0], f[1], Reach(f[2])); e != nil {
			bad = append(bad, e.At("allow"))
			continue
		}
		allow = append(allow, Rule{Object: f[0], Action: f[1], Reach: Reach(f[2])})
	}
	return allow, bad.Err()
}

func join[T ~string](list []T) string {
	s := make([]string, len(list))
	for i, v := range list {
		s[i] = string(v)
	}
	return strings.Join(s, ", ")
}

// CreateToken makes a token and returns it: the only time it is shown, since only its hash is kept.
// Errors: FORBIDDEN, BAD_INPUT.
func (s *Service) CreateToken(ctx context.Context, by *Principal, params TokenParams) (string, error) {
	_, secret, err := s.IssueToken(ctx, by, params)
	return secret, err
}

// IssueToken is CreateToken for who needs the token's id too. A token may be given any permission, also one that its
// maker lacks: whoever may create tokens decides what integrations may. A call that was sent before, under the same key,
// gives the token made then and no secret, which is not kept. Permission: token create.
// Errors: FORBIDDEN, BAD_INPUT.
func (s *Service) IssueToken(ctx context.Context, by *Principal, params TokenParams) (token id.Token, secret string, err error) {
	made, err := Write(ctx, s.pool, by, s.clock.Now(), func(tx *pg.Tx) (id.UUID, error) {
		token, secret, err = s.issueToken(ctx, tx, by, params)
		return token.UUID, err
	})
	return id.Token{UUID: made}, secret, err
}

// CreateTokenIn is CreateToken within a transaction, for set-up that makes more than the token. The token is valid once
// that has committed.
func (s *Service) CreateTokenIn(ctx context.Context, tx *pg.Tx, by *Principal, params TokenParams) (string, error) {
	_, secret, err := s.issueToken(ctx, tx, by, params)
	return secret, err
}

func (s *Service) issueToken(ctx context.Context, tx *pg.Tx, by *Principal, params TokenParams) (id.Token, string, error) {
	if err := by.Require("token", "create"); err != nil {
		return id.Token{}, "", err
	}
	now := s.clock.Now()
	allow, err := params.Validate(now)
	if err != nil {
		return id.Token{}, "", err
	}
	if params.DemoSecret != "" && !s.demo {
		return id.Token{}, "", errs.New(errs.BadInput, "A token of one's own choosing is for demo mode only. Leave it out to get a random one.")
	}
	secret := params.DemoSecret
	if secret == "" {
		var random [32]byte
		_, _ = rand.Read(random[:]) // never fails
		secret = TokenPrefix + base64.RawURLEncoding.EncodeToString(random[:])
	}
	token := id.Token{UUID: id.New()}
	if err := insertToken(ctx, tx, by, now, token, secret, params, allow); err != nil {
		return id.Token{}, "", fmt.Errorf("create token: %w", err)
	}
	return token, secret, event.Record(ctx, tx, by.Org, by.Actor(), params.audited(token, now))
}

// audited is the audit row of a new token: what it may, never the token.
func (t TokenParams) audited(token id.Token, at time.Time) event.Entry {
	e := event.Entry{Kind: event.Kind(event.Created), Entity: id.TokenKind, ID: token.UUID, At: at}
	e.Fields = []event.Field{{Name: "name", After: t.Name}, {Name: "roles", After: append([]Role{}, t.Roles...)}}
	if len(t.Allow) > 0 {
		e.Fields = append(e.Fields, event.Field{Name: "allow", After: t.Allow})
	}
	if t.ExpiresAt != nil {
		e.Fields = append(e.Fields, event.Field{Name: "expiresAt", After: t.ExpiresAt})
	}
	if !t.DemoUser.IsZero() {
		e.Fields = append(e.Fields, event.Field{Name: "user", After: id.Global(id.UserKind, t.DemoUser.UUID)})
	}
	return e
}

func insertToken(ctx context.Context, tx *pg.Tx, by *Principal, now time.Time, token id.Token, secret string, p TokenParams, allow []Rule) error {
	_, err := tx.Exec(ctx, `
		insert into service_token (org_id, id, name, roles, user_id, demo, expires_at, created_at, created_by)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		by.Org, token, strings.TrimSpace(p.Name), append([]Role{}, p.Roles...), p.DemoUser, p.DemoSecret != "", p.ExpiresAt, now, by.User)
	if err != nil {
		return fmt.Errorf("insert token: %w", err)
	}
	var cols [3][]string
	for _, r := range allow {
		cols[0], cols[1], cols[2] = append(cols[0], r.Object), append(cols[1], r.Action), append(cols[2], string(r.Reach))
	}
	_, err = tx.Exec(ctx, `
		insert into token_allow (org_id, token_id, object, action, reach)
		select $1, $2, object, action, reach
		  from unnest($3::text[], $4::text[], $5::text[]) as a (object, action, reach)
		    on conflict do nothing`, by.Org, token, cols[0], cols[1], cols[2])
	if err != nil {
		return fmt.Errorf("insert token's permissions: %w", err)
	}
	hash := sha256.Sum256([]byte(secret))
	_, err = tx.Exec(ctx, `insert into token_lookup (hash, org_id, token_id) values ($1, $2, $3)`, hash[:], by.Org, token)
	if err != nil {
		return fmt.Errorf("insert token's hash: %w", err)
	}
	return nil
}
