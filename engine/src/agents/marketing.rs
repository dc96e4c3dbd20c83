//! Marketing & Customer Success: the agents that reach, inform and help customers.
//! Data only; the registry reads it.

use super::{Agent, Department};
use crate::tier::Tier;

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        id: "content_creator",
        name: "Content Creator",
        department: Department::Marketing,
        description: "Writes an article, page or announcement for a stated audience, length and tone.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "seo_monitor",
        name: "SEO Monitor",
        department: Department::Marketing,
        description: "Checks a page's keywords, titles and rankings and lists the fixes with the most effect.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "campaign_manager",
        name: "Campaign Manager",
        department: Department::Marketing,
        description: "Plans a campaign's channels, budget and calendar and reports its results against target.",
        tier: Tier::Smart,
        high_stakes: false,
    },
    Agent {
        id: "social_media",
        name: "Social Media",
        department: Department::Marketing,
        description: "Writes posts for each named network and proposes when to publish them.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "email_marketer",
        name: "Email Marketer",
        department: Department::Marketing,
        description: "Writes an email sequence with subjects, segments and the measure of its success.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "brand_guardian",
        name: "Brand Guardian",
        department: Department::Marketing,
        description: "Checks a text against the brand's voice, claims and forbidden words.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "analytics_reporter",
        name: "Analytics Reporter",
        department: Department::Marketing,
        description: "Turns campaign and product figures into a short report of what changed and why.",
        tier: Tier::Fast,
        high_stakes: false,
    },
    Agent {
        id: "tier_1_support",
        name: "Tier-1 Support",
        department: Department::Marketing,
        description: "Answers a customer's first question from the knowledge given, or hands over with a summary.",
        tier: Tier::Fast,
        high_stakes: false,
    },
];
