//! Agents: the whole roster, and each of it with what its answers look like.

use eclips_engine::agents;
use eclips_tests::world::World;
use serde_json::Value;

use super::owner_of;

#[tokio::test]
async fn the_roster_is_whole_and_each_agent_has_its_page() {
    let world = World::start().await;
    let person = world.somebody().await;
    let mut owner = owner_of(&world, person.org).await;
    let roster = owner.get("/agents").await.text;
    assert_eq!(roster.matches("<table").count(), 9, "a table for each department");
    assert_eq!(roster.matches("high-stakes</span>").count(), 6);
    for agent in agents::all() {
        let link = format!(r#"<a href="/agents/{}">{}</a>"#, agent.id, agent.name);
        assert_eq!(roster.matches(&link).count(), 1, "{link}");
        let page = owner.get(&format!("/agents/{}", agent.id)).await;
        assert_eq!(page.status, 200, "{}", agent.id);
        let (_, rest) = page.text.split_once(r#"<pre class="code" id="schema">"#).unwrap();
        let written = rest.split("</pre>").next().unwrap();
        let read = ["&#34;", "&#60;", "&#62;", "&#39;", "&#38;"]
            .iter()
            .zip(["\"", "<", ">", "'", "&"])
            .fold(written.to_owned(), |text, (from, to)| text.replace(from, to));
        let schema: Value = serde_json::from_str(&read).unwrap();
        assert_eq!(schema, agents::schema(agent), "{}", agent.id);
        for action in agent.actions {
            assert!(
                page.text.contains(&format!("<code>{}</code>", action.id)),
                "{}",
                agent.id
            );
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn an_agents_page_leads_to_a_run_with_it() {
    let world = World::start().await;
    let person = world.somebody().await;
    let mut owner = owner_of(&world, person.org).await;
    for (path, link) in [
        ("/agents/tax_filer", "/runs/new?agent=tax_filer"),
        ("/agents/tax_filer?mode=test", "/runs/new?mode=test&agent=tax_filer"),
    ] {
        let page = owner.get(path).await.text;
        assert!(page.contains(&link.replace('&', "&amp;")), "{path}: {page}");
        let form = owner.get(link).await;
        let chosen = r#"name="agent" value="tax_filer" checked"#;
        assert!(form.status == 200 && form.text.contains(chosen), "{link}");
    }
    for path in [
        "/agents/nobody",
        "/agents/evaluator",
        "/agents/Tax_Filer",
        "/agents/center?mode=x",
    ] {
        assert_eq!(owner.get(path).await.status, 404, "{path}");
    }
    world.stop().await;
}
