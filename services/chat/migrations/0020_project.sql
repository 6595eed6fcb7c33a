-- Projects with their prompts, and templates of prompts. Handlers see one user's rows, and the templates that are public.

-- name_key: by which a list is sorted.
CREATE TABLE project (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL,
    name          text NOT NULL,
    name_key      text NOT NULL GENERATED ALWAYS AS (lower(name)) STORED,
    description   text NOT NULL,
    colour        text NOT NULL,
    icon          text NOT NULL,
    instructions  text NOT NULL,
    tokens        amount NOT NULL,   -- of the instructions, by our count
    default_model text NOT NULL,     -- '': the server's
    create_time   timestamptz NOT NULL DEFAULT lc.now(),
    update_time   timestamptz NOT NULL DEFAULT lc.now(),
    delete_time   timestamptz,       -- in the bin since
    CONSTRAINT project_sizes CHECK (octet_length(name) BETWEEN 1 AND 100 AND octet_length(description) <= 1000 AND octet_length(colour) <= 7
        AND octet_length(icon) <= 32 AND octet_length(instructions) <= 32768 AND octet_length(default_model) <= 100)
);
CREATE INDEX project_list ON project (user_id, name_key, id) WHERE delete_time IS NULL;
CREATE INDEX project_owner ON project (user_id);
CREATE INDEX project_bin ON project (delete_time) WHERE delete_time IS NOT NULL;

-- position: 1, 2, 3 … without a gap. Writers lock the project's row first.
CREATE TABLE project_prompt (
    id          uuid PRIMARY KEY,
    project_id  uuid NOT NULL REFERENCES project ON DELETE CASCADE,
    user_id     uuid NOT NULL,
    title       text NOT NULL,
    text        text NOT NULL,
    tokens      amount NOT NULL,     -- of text, by our count
    enabled     boolean NOT NULL,
    position    ordinal NOT NULL,
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    update_time timestamptz NOT NULL DEFAULT lc.now(),
    CONSTRAINT project_prompt_sizes CHECK (octet_length(title) <= 100 AND octet_length(text) BETWEEN 1 AND 32768),
    CONSTRAINT project_prompt_place UNIQUE (project_id, position) DEFERRABLE INITIALLY DEFERRED
);

-- past_project_id: the deleted project from which the chat came back to the list, and to which an undo returns it.
ALTER TABLE chat ADD COLUMN past_project_id uuid;
CREATE INDEX chat_project ON chat (project_id, archived, pinned DESC, update_time DESC, id DESC)
    WHERE project_id IS NOT NULL AND delete_time IS NULL;
CREATE INDEX chat_outside ON chat (user_id, archived, pinned DESC, update_time DESC, id DESC)
    WHERE project_id IS NULL AND delete_time IS NULL;
CREATE INDEX chat_of_project ON chat (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX chat_past_project ON chat (past_project_id) WHERE past_project_id IS NOT NULL;

ALTER TABLE project ENABLE ROW LEVEL SECURITY;
ALTER TABLE project_prompt ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON project TO chat_app USING (user_id = lc.user_id());
CREATE POLICY own ON project_prompt TO chat_app USING (user_id = lc.user_id());
CREATE POLICY work ON project TO chat_worker USING (true);
CREATE POLICY work ON project_prompt TO chat_worker USING (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON project, project_prompt TO chat_app;
GRANT SELECT, DELETE ON project, project_prompt TO chat_worker;

-- Prompt templates. user_id: NULL for those that come with the program. public: every user of this server sees it. withheld: an administrator
-- ended that, and its owner cannot make it public again. Only a public one may be without an owner, unless it is withheld.
CREATE TABLE template (
    id          uuid PRIMARY KEY,
    user_id     uuid,
    title       text NOT NULL,
    title_key   text NOT NULL GENERATED ALWAYS AS (lower(title)) STORED,
    category    text NOT NULL,
    description text NOT NULL,
    text        text NOT NULL,
    public      boolean NOT NULL,
    withheld    boolean NOT NULL DEFAULT false,
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    update_time timestamptz NOT NULL DEFAULT lc.now(),
    delete_time timestamptz,         -- in the bin since
    CONSTRAINT template_sizes CHECK (octet_length(title) BETWEEN 1 AND 200 AND octet_length(category) <= 100
        AND octet_length(description) <= 1000 AND octet_length(text) BETWEEN 1 AND 65536),
    CONSTRAINT template_withheld CHECK (NOT (public AND withheld))
);
CREATE INDEX template_own ON template (user_id, title_key, id) WHERE delete_time IS NULL;
CREATE INDEX template_owner ON template (user_id);
CREATE INDEX template_public ON template (title_key, id) WHERE public AND delete_time IS NULL;
CREATE INDEX template_bin ON template (delete_time) WHERE delete_time IS NOT NULL;

ALTER TABLE template ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON template FOR SELECT TO chat_app USING (user_id = lc.user_id() OR (public AND delete_time IS NULL));
CREATE POLICY made ON template FOR INSERT TO chat_app WITH CHECK (user_id = lc.user_id());
CREATE POLICY changed ON template FOR UPDATE TO chat_app USING (user_id = lc.user_id());
CREATE POLICY erased ON template FOR DELETE TO chat_app USING (user_id = lc.user_id());
CREATE POLICY work ON template TO chat_worker USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON template TO chat_app;
GRANT SELECT, DELETE, UPDATE (public, withheld) ON template TO chat_worker;

-- The set that comes with the program: four for each of six categories.
INSERT INTO template (id, title, category, description, text, public)
SELECT ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, t.title, t.category, t.description, t.text, true
FROM (VALUES
(1, 'Rewrite for a reader', 'Writing', 'The same message in another tone.',
'Rewrite the text below for {{reader = a busy colleague}}.
Tone: {{tone: friendly | formal | direct | warm = friendly}}. Keep every fact, name and number. Do not add any.
Give the new text only.

{{text: paragraph}}'),
(2, 'Proofread', 'Writing', 'Mistakes, and why they are mistakes.',
'Proofread the text below in {{language = English}}. First give the corrected text. Then list each change in a table: before, after, reason.
Leave style and word choice alone, unless they are wrong.

{{text: paragraph}}'),
(3, 'Outline an article', 'Writing', 'A structure before the first sentence.',
'Outline an article about {{topic}} for {{reader = curious beginners}}, of about {{words: number = 1200}} words.
For each section give a heading, its one point, and what proves the point. End with three openings to choose from.'),
(4, 'Reply to an e-mail', 'Writing', 'A short answer that says what you want.',
'Write a reply to the e-mail below. What I want to say: {{answer: paragraph}}
Length: {{length: two sentences | one paragraph | as long as needed = one paragraph}}. Write in the language of the e-mail. Promise nothing that I did not say.

{{email: paragraph}}'),
(5, 'Review code', 'Code', 'Faults first, taste last.',
'Review the code below ({{language = any language}}). Look for: wrong results, races, leaks, missing checks of input, security.
For each finding: the line, what goes wrong with which input, and the smallest change that mends it. Order by harm. Say so when you find nothing.

{{code: paragraph}}'),
(6, 'Explain code', 'Code', 'What it does, step by step.',
'Explain the code below to {{reader = a programmer who is new to this codebase}}. First one sentence on its purpose, then its parts in the order
in which they run, then what is surprising about it.

{{code: paragraph}}'),
(7, 'Write tests', 'Code', 'Tests that find something.',
'Write tests for the code below with {{framework = the usual test framework of the language}}. First list the cases: usual, empty, largest, wrong input, errors of
what it calls. Then write one test for each. Test behaviour, not the way it is done.

{{code: paragraph}}'),
(8, 'Find a bug', 'Code', 'From a symptom to a cause.',
'Something is wrong: {{symptom: paragraph}}
I expected: {{expected}}
List the three likeliest causes, each with the quickest way to confirm or rule it out. Then say which to try first and why.

{{code_or_log: paragraph}}'),
(9, 'Explain simply', 'Learning', 'An idea in plain words.',
'Explain {{topic}} to {{level: a child | a beginner | a student | an expert in another field = a beginner}}. Begin with an everyday example. Use no term before
it is explained. End with one question that shows whether I understood.'),
(10, 'Quiz me', 'Learning', 'Questions one at a time.',
'Quiz me on {{topic}} with {{questions: number = 10}} questions of rising difficulty. Ask one at a time and wait for my answer. Then say whether it is right, and why.
At the end tell me what to study again.'),
(11, 'Study plan', 'Learning', 'From today to a date.',
'Make a plan to learn {{subject}} until {{until: date}} with {{hours: number = 5}} hours a week. I know already: {{known = nothing}}.
For each week: one goal, what to read or do, and a task that proves the goal.'),
(12, 'Practise a language', 'Learning', 'A talk with corrections.',
'Talk with me in {{language = Spanish}} at level {{level: A1 | A2 | B1 | B2 | C1 = A2}} about {{topic = daily life}}. After each of my messages correct my mistakes in
one line, then go on with one question. Stay at my level.'),
(13, 'Summarise a meeting', 'Work', 'Decisions, tasks, open questions.',
'From the notes below make: decisions, tasks (who, what, until when), open questions, and what was left out. Mark with (?) what the notes do not say clearly.

{{notes: paragraph}}'),
(14, 'Prepare a decision', 'Work', 'Options side by side.',
'I have to decide: {{decision}}
Options: {{options: paragraph}}
What matters to me: {{criteria = cost, time, risk}}
Compare the options in a table by these criteria. Name the assumption that would change the result if it were wrong. Then recommend one in two sentences.'),
(15, 'Project plan', 'Work', 'Steps with owners and risks.',
'Plan this project: {{goal: paragraph}}
Deadline: {{deadline: date}}. People: {{people = me}}.
Give the steps with their order and their effort, the three largest risks with a countermeasure each, and the first thing to do tomorrow.'),
(16, 'Job description', 'Work', 'What the work really is.',
'Write a job description for {{role}} at {{company}}. The work in a normal week: {{work: paragraph}}
Must have: {{required}}. Nice to have: {{optional = none}}. No clichés. At most {{words: number = 350}} words.'),
(17, 'Summarise a text', 'Research', 'The point, the proof, the gaps.',
'Summarise the text below in {{length: three sentences | one paragraph | one page = one paragraph}}. Then list its main claims, what supports each, and what the text leaves open.
Use only what it says.

{{text: paragraph}}'),
(18, 'Compare two things', 'Research', 'A fair table and a verdict.',
'Compare {{first}} and {{second}} for {{purpose = everyday use}}. A table by the five criteria that matter most, then for whom each is the better choice. Say what you are not sure of.'),
(19, 'Extract data', 'Research', 'From text to a table.',
'Extract from the text below: {{fields = name, date, amount}}. Format: {{format: Markdown table | CSV | JSON = Markdown table}}. One row for each item. Leave a field empty when the text does not give it.
Give the data only.

{{text: paragraph}}'),
(20, 'Check an argument', 'Research', 'Where it holds and where not.',
'Examine the argument below. Restate it as premises and a conclusion. For each premise: how likely, and what would show that it is wrong. Then the strongest objection, and the best answer to it.

{{argument: paragraph}}'),
(21, 'Plan meals', 'Everyday', 'A week and its shopping list.',
'Plan {{meals: number = 5}} dinners for {{people: number = 2}}. Diet: {{diet = none in particular}}. At most {{minutes: number = 40}} minutes each. Reuse ingredients.
Then one shopping list by section of the shop.'),
(22, 'Plan a trip', 'Everyday', 'Days with room to breathe.',
'Plan {{days: number = 3}} days in {{place}} from {{start: date}} for {{travellers = two adults}}. Interests: {{interests = food, walks, museums}}. Budget: {{budget: low | medium | high = medium}}.
For each day morning, midday, evening, with the way between. Say what to book ahead.'),
(23, 'Complaint letter', 'Everyday', 'Firm, polite, with a demand.',
'Write a letter to {{company}} about: {{problem: paragraph}}
I want: {{demand = my money back}}, until {{until: date}}. Firm and polite, facts in order of time, no threats that I cannot carry out. Mark with […] what I must fill in.'),
(24, 'Gift ideas', 'Everyday', 'Not the usual ones.',
'Suggest {{ideas: number = 8}} gifts for {{person}}, who likes {{likes}}. Occasion: {{occasion = birthday}}. Up to {{price = 50 euros}}. For each one line: why it fits. No vouchers.')
) AS t (n, title, category, description, text);
