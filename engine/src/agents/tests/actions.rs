//! What the roster promises of the actions that answers may propose.

use super::*;

#[test]
fn tells_each_agent_when_to_propose_what_it_may() {
    for agent in all() {
        for action in agent.actions {
            let word = format!("`{}`", action.id);
            assert!(agent.instructions.contains(&word), "{}: {}", agent.id, action.id);
        }
        let proposes = agent.instructions.matches("ropose `").count();
        assert!(proposes > 0 || agent.actions.is_empty(), "{}", agent.id);
    }
}

#[test]
fn gives_each_action_a_word_of_its_own() {
    let mut ids = HashSet::new();
    for action in all().flat_map(|agent| agent.actions) {
        assert_eq!(action.id, snake_case(action.id));
        assert!(ids.insert(action.id), "{}", action.id);
        assert!(
            action.description.ends_with('.') && action.description.len() <= 120,
            "{}",
            action.id
        );
    }
}

/// An answer holds one action at most.
#[test]
fn says_which_of_several_actions_goes_before_the_others() {
    for agent in all().filter(|agent| agent.actions.len() > 1) {
        assert!(agent.instructions.contains("otherwise propose"), "{}", agent.id);
    }
}

#[test]
fn lets_few_actions_be_of_the_weakest_kind_and_few_of_the_strongest() {
    let of = |kind| -> Vec<_> {
        let actions = all().flat_map(|agent| agent.actions);
        actions
            .filter(|action| action.kind == kind)
            .map(|action| action.id)
            .collect()
    };
    // Drafts, notes on the record, and stops that hurt nobody when they are lifted again: nothing that goes out, orders,
    // pays or approves.
    let fill = [
        "enter_invoice",
        "hold_invoice",
        "book_schedule",
        "create_po",
        "block_invoice",
        "raise_requisition",
        "update_lead",
        "save_contract_draft",
        "update_deals",
        "save_policy_draft",
        "assign_ticket",
        "save_procedure",
    ];
    assert_eq!(of(ActionKind::Fill), fill);
    let destructive = [
        "send_termination_notice",
        "revoke_leaver_access",
        "reclaim_licenses",
        "revoke_access",
    ];
    assert_eq!(of(ActionKind::Destructive), destructive);
}
