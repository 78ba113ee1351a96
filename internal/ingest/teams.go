package ingest

import (
	"context"
	"fmt"
	"strings"

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
)

// findTeams finds or makes the teams and territories that rows name. The files give them no ids; what they are called
// is their external id, so that an org may rename them. One that the org has under that name is taken as it is.
func (c *crowd) findTeams(ctx context.Context, members []*member) error {
	var teamNames, areaNames []string
	boss := map[string]id.User{}
	for _, m := range members {
		if _, seen := boss[m.team]; !seen && m.team != "" {
			teamNames, boss[m.team] = append(teamNames, m.team), m.boss
		}
		if m.territory != "" {
			areaNames = append(areaNames, m.territory)
		}
	}
	areaNames = unique(areaNames)
	knownTeams, err := c.existing(ctx, "team", teamNames)
	if err != nil {
		return err
	}
	knownAreas, err := c.existing(ctx, "territory", areaNames)
	if err != nil {
		return err
	}
	c.teams, c.areas = map[string]id.Team{}, map[string]id.Territory{}
	for _, name := range teamNames {
		c.teams[name] = c.team(name, knownTeams[name], boss[name])
	}
	keys := map[string]bool{}
	for _, t := range c.directory.Territories() {
		keys[t.Key] = true
	}
	for _, name := range areaNames {
		c.areas[name] = c.territory(name, knownAreas[name], keys)
	}
	return nil
}

func (c *crowd) team(name string, known id.UUID, boss id.User) id.Team {
	t := id.Team{UUID: known}
	for _, have := range c.directory.Teams() {
		if t.IsZero() && have.ParentID.IsZero() && have.Name == name {
			t = have.ID
		}
	}
	made := t.IsZero()
	if made {
		t.UUID = id.New()
		c.batch.Teams = append(c.batch.Teams, org.Team{ID: t, Name: name, ManagerID: boss, Version: 1, CreatedAt: c.since, UpdatedAt: c.now})
	}
	c.named("team", name, known, t.UUID, made)
	return t
}

func (c *crowd) territory(name string, known id.UUID, keys map[string]bool) id.Territory {
	t := id.Territory{UUID: known}
	for _, have := range c.directory.Territories() {
		if t.IsZero() && fold(have.Name) == fold(name) {
			t = have.ID
		}
	}
	made := t.IsZero()
	if made {
		t.UUID = id.New()
		key := territoryKey(name, keys)
		c.batch.Territories = append(c.batch.Territories, org.Territory{ID: t, Key: key, Name: name, Version: 1, CreatedAt: c.since, UpdatedAt: c.now})
	}
	c.named("territory", name, known, t.UUID, made)
	return t
}

// named counts a record that rows know by its name alone, and keeps the name as its external id.
func (c *crowd) named(entity, name string, known, u id.UUID, made bool) {
	if known.IsZero() {
		c.batch.ExternalIDs = append(c.batch.ExternalIDs, c.externalID(entity, u, name))
	}
	count := c.sum.count(entity)
	count.Read++
	if made {
		count.Created++
	} else {
		count.Existing++
	}
}

// territoryKey makes a key from a name: lower case, with hyphens, and a number where it is taken.
func territoryKey(name string, taken map[string]bool) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	base := strings.Trim(b.String()[:min(b.Len(), 50)], "-")
	if base == "" {
		base = "territory"
	}
	key := base
	for n := 2; taken[key]; n++ {
		key = fmt.Sprintf("%s-%d", base, n)
	}
	taken[key] = true
	return key
}
