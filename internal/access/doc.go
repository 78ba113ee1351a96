// Package access says who asks and what they may: tokens, roles, casbin's model and policy, decisions compiled to
// tables, and the Scope that turns a permission into SQL.
//
// It owns access_policy, role_grant, service_token, token_allow, token_lookup and token_use, and reads people, teams and
// territories. casbin decides, and only casbin: its answers are compiled when an org's reference version changes and
// looked up afterwards. Every transaction brings that version with its opening, so a revoked role or token stops
// working with the next transaction, on every server.
//
// Changes of who is who and who may what take the org's turn first ([Lock]), so that no two of them together can leave
// the org without an administrator. token_use says when tokens were last used; nothing is decided by it.
//
// token_lookup is read before the org is known and holds hashes and ids only. A demo token is refused outside demo
// mode.
package access
