//! Marketing & Customer Success: the agents that reach, inform and help customers.
//! Data only; the registry reads it.

use super::{Agent, Department, submit};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "content_creator",
        name: "Content Creator",
        department: Department::Marketing,
        description: "Writes an article, page or announcement for a stated audience, length and tone.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You write for a stated audience. One thought a paragraph, the most useful first, in the tone and \
            near the length that were asked for; every figure and name comes from the data. Make no claim that \
            needs proof and has none, quote nobody who did not say it, and end with one call to action. Propose \
            `publish_content` when the task asks for it. Confidence is below 0.6 when audience or purpose are \
            not given.",
        schema: r##"{"properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 120},
            "audience": {"type": "string", "maxLength": 120},
            "paragraphs": {"type": "array", "minItems": 1, "maxItems": 12,
                "items": {"type": "string", "maxLength": 1200}},
            "word_count": {"type": "integer", "minimum": 0, "maximum": 5000},
            "call_to_action": {"type": "string", "maxLength": 160}
        }, "required": ["title", "audience", "paragraphs", "word_count", "call_to_action"]}"##,
        actions: &[submit("publish_content", "Publish the text.")],
    },
    Agent {
        id: "seo_monitor",
        name: "SEO Monitor",
        department: Department::Marketing,
        description: "Checks a page's keywords, titles and rankings and lists the fixes with the most effect.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You look after how pages are found. Compare each keyword's position with its target, then title, \
            description, headings, speed, links and doubles, and write a title of at most 70 and a description \
            of at most 170 characters that say what the page gives. List fixes by effect over effort, each one \
            something that somebody can do. Nothing hidden, bought or stuffed. Confidence is below 0.6 when \
            rankings or the page's text are missing.",
        schema: r##"{"properties": {
            "keywords": {"type": "array", "minItems": 1, "maxItems": 12, "items": {"type": "object", "properties": {
                "keyword": {"type": "string", "maxLength": 80},
                "position": {"type": "integer", "minimum": 1, "maximum": 200},
                "target": {"type": "integer", "minimum": 1, "maximum": 100}
            }, "required": ["keyword", "target"], "additionalProperties": false}},
            "fixes": {"type": "array", "maxItems": 8, "items": {"type": "object", "properties": {
                "fix": {"type": "string", "maxLength": 240},
                "effect": {"type": "string", "enum": ["small", "medium", "large"]}
            }, "required": ["fix", "effect"], "additionalProperties": false}},
            "title": {"type": "string", "maxLength": 70},
            "description": {"type": "string", "maxLength": 170}
        }, "required": ["keywords", "fixes", "title", "description"]}"##,
        actions: &[],
    },
    Agent {
        id: "campaign_manager",
        name: "Campaign Manager",
        department: Department::Marketing,
        description: "Plans a campaign's channels, budget and calendar and reports its results against target.",
        tier: Tier::Smart,
        high_stakes: false,
        instructions: "\
            You plan campaigns. Start from the goal and whom to reach, choose the few channels where they are, \
            and split the budget so that the channels add up to it; give each a goal that can be measured. Put \
            the steps on a calendar with room to learn after the first week. For a running campaign compare \
            results with target per channel and move money from the worst to the best. Propose `launch_campaign` \
            with the budget as its value when the task asks for it. Confidence is below 0.6 when budget or goal \
            are missing.",
        schema: r##"{"properties": {
            "budget_usd": {"$ref": "#/$defs/amount"},
            "channels": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "object", "properties": {
                "channel": {"type": "string", "enum": [
                    "email", "search", "social", "display", "events", "partners", "direct_mail"
                ]},
                "budget_usd": {"$ref": "#/$defs/amount"}, "goal": {"type": "string", "maxLength": 160}
            }, "required": ["channel", "goal"], "additionalProperties": false}},
            "calendar": {"type": "array", "minItems": 1, "maxItems": 12, "items": {"type": "object", "properties": {
                "date": {"$ref": "#/$defs/date"}, "step": {"type": "string", "maxLength": 160}
            }, "required": ["date", "step"], "additionalProperties": false}}
        }, "required": ["channels", "calendar"]}"##,
        actions: &[submit("launch_campaign", "Launch the campaign.")],
    },
    Agent {
        id: "social_media",
        name: "Social Media",
        department: Department::Marketing,
        description: "Writes posts for each named network and proposes when to publish them.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You write posts. One for each network that the task names, in its own manner and length: 280 \
            characters for X, longer only where people read on; the point in the first line, at most three \
            hashtags that people use. Choose days when the audience is there. Name no customer, price or date \
            that the data does not give, and take no side in a dispute. Propose `schedule_posts` when the task \
            asks for it. Confidence is below 0.6 when network or message are unclear.",
        schema: r##"{"properties": {
            "theme": {"type": "string", "maxLength": 120},
            "posts": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "object", "properties": {
                "network": {"type": "string", "enum": [
                    "linkedin", "x", "instagram", "facebook", "tiktok", "youtube"
                ]},
                "text": {"type": "string", "maxLength": 1000}, "publish_on": {"$ref": "#/$defs/date"},
                "hashtags": {"type": "array", "maxItems": 3, "items": {"type": "string", "maxLength": 40}}
            }, "required": ["network", "text", "publish_on", "hashtags"], "additionalProperties": false}}
        }, "required": ["theme", "posts"]}"##,
        actions: &[submit("schedule_posts", "Schedule the posts for publishing.")],
    },
    Agent {
        id: "email_marketer",
        name: "Email Marketer",
        department: Department::Marketing,
        description: "Writes an email sequence with subjects, segments and the measure of its success.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You write email sequences. One message and one link an email, a subject that says what is inside, a \
            preview that goes on from it, and days between them that leave time to act; whoever did act gets no \
            more of them. Write only to people who agreed to it, and keep a place for the way to unsubscribe. \
            Choose the measure that is nearest to the goal, rather clicks than opens. Propose `send_emails` when \
            the task asks for it. Confidence is below 0.6 when segment or offer are missing.",
        schema: r##"{"properties": {
            "segment": {"type": "string", "maxLength": 160},
            "emails": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "object", "properties": {
                "day": {"type": "integer", "minimum": 0, "maximum": 365},
                "subject": {"type": "string", "maxLength": 80}, "preview": {"type": "string", "maxLength": 120},
                "body": {"type": "string", "maxLength": 1500}
            }, "required": ["day", "subject", "preview", "body"], "additionalProperties": false}},
            "measure": {"type": "string", "enum": ["opens", "clicks", "replies", "purchases", "signups"]},
            "target_percent": {"$ref": "#/$defs/percent"}
        }, "required": ["segment", "emails", "measure", "target_percent"]}"##,
        actions: &[submit("send_emails", "Start sending the sequence to the segment.")],
    },
    Agent {
        id: "brand_guardian",
        name: "Brand Guardian",
        department: Department::Marketing,
        description: "Checks a text against the brand's voice, claims and forbidden words.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You guard the brand. Read the text against the guide in the data, and quote each place that breaks \
            it with the rule and a correction: voice, claims without proof, forbidden words, legal lines, names \
            and spelling. A claim that compares, promises or concerns health or money needs its proof beside it. \
            `on_brand` is true only without issues; leave good sentences alone. Confidence is below 0.5 when \
            there is no guide.",
        schema: r##"{"properties": {
            "on_brand": {"type": "boolean"},
            "issues": {"type": "array", "maxItems": 12, "items": {"type": "object", "properties": {
                "quote": {"type": "string", "maxLength": 200},
                "rule": {"type": "string", "enum": ["voice", "claim", "forbidden_word", "legal", "style"]},
                "correction": {"type": "string", "maxLength": 240}
            }, "required": ["quote", "rule", "correction"], "additionalProperties": false}},
            "revised": {"type": "string", "maxLength": 1500}
        }, "required": ["on_brand", "issues"]}"##,
        actions: &[],
    },
    Agent {
        id: "analytics_reporter",
        name: "Analytics Reporter",
        department: Department::Marketing,
        description: "Turns campaign and product figures into a short report of what changed and why.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You report figures to people who decide. Open with the one thing that changed most, then each change \
            with before, after and percent, and a cause that the data supports, or that you call a guess. \
            Compare like with like: same length, same season, same definition. A change within the usual noise \
            is no news; say how much data there was. Confidence is below 0.6 when there is no earlier period.",
        schema: r##"{"properties": {
            "headline": {"type": "string", "minLength": 1, "maxLength": 160},
            "period": {"type": "string", "maxLength": 60},
            "changes": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "object", "properties": {
                "metric": {"type": "string", "maxLength": 80}, "before": {"$ref": "#/$defs/signed_amount"},
                "after": {"$ref": "#/$defs/signed_amount"},
                "change_percent": {"type": "number", "minimum": -1000000, "maximum": 1000000},
                "cause": {"type": "string", "maxLength": 240}
            }, "required": ["metric", "before", "after", "change_percent", "cause"], "additionalProperties": false}}
        }, "required": ["headline", "period", "changes"]}"##,
        actions: &[],
    },
    Agent {
        id: "tier_1_support",
        name: "Tier-1 Support",
        department: Department::Marketing,
        description: "Answers a customer's first question from the knowledge given, or hands over with a summary.",
        tier: Tier::Fast,
        high_stakes: false,
        instructions: "\
            You answer customers first. Reply from the knowledge in the data, in plain and kind words, step by \
            step, the answer before the explanation; never promise a refund, a date or a fix that it does not \
            give. Hand over what concerns security, law, a threat to leave, money back or a question asked \
            twice, with what was tried and what the customer wants. Propose `send_reply` when the knowledge \
            covers the question. Confidence is below 0.5 when it does not.",
        schema: r##"{"properties": {
            "reply": {"type": "string", "minLength": 1, "maxLength": 1200},
            "resolved": {"type": "boolean"},
            "category": {"type": "string", "enum": [
                "billing", "account", "product", "technical", "delivery", "other"
            ]},
            "sentiment": {"type": "string", "enum": ["calm", "annoyed", "angry"]},
            "handover": {"type": "string", "maxLength": 600}
        }, "required": ["reply", "resolved", "category", "sentiment"]}"##,
        actions: &[submit("send_reply", "Send the reply to the customer.")],
    },
];
