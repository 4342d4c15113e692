//! What HTML costs to parse, found out before it is parsed.
//!
//! The HTML parser repairs wrong nesting by cloning and moving elements, and searches the open elements for most tags: for
//! hostile input both are quadratic. So its tree builder runs here first, without a tree, until a limit is exceeded.

use html5ever::{
    Attribute, ExpandedName, QualName, local_name, ns,
    tendril::StrTendril,
    tokenizer::{
        BufferQueue,
        TagKind::StartTag,
        Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::RawKind::{Rawtext, ScriptData},
    },
    tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeBuilder, TreeBuilderOpts, TreeSink},
};
use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    rc::Rc,
};

/// Elements inside each other. A message has four or five, an exported mail with tables of tables twenty.
const MAX_DEPTH: usize = 64;
/// Elements that are moved or put in front of others. Each may search all siblings.
const MAX_REPAIRS: usize = 500;
/// Attributes of one tag: each is compared with all before it.
const MAX_ATTRIBUTES: usize = 2_000;
/// Bytes given to the parser at once.
const CHUNK: usize = 1_024;

/// What was found out about a fragment of HTML.
pub(super) struct Outline {
    /// Whether it costs more than its length justifies.
    pub costly: bool,
    /// Its text, with line breaks where blocks begin and end.
    pub text: String,
}

/// Reads a fragment of HTML in a time that is linear in its length.
pub(super) fn outline(html: &str) -> Outline {
    let counter = Counter { max_elements: html.len() / 2 + MAX_DEPTH, ..Counter::default() };
    let context =
        counter.create_element(QualName::new(None, ns!(html), local_name!("div")), Vec::new(), ElementFlags::default());
    let guard = Guard {
        tree: TreeBuilder::new_for_fragment(counter, context, None, TreeBuilderOpts::default()),
        costly: Cell::new(false),
        hidden: Cell::new(false),
        tokens: Cell::new(0),
        text: RefCell::new(String::new()),
    };
    let (tokenizer, queue) = (Tokenizer::new(guard, TokenizerOpts::default()), BufferQueue::default());
    let (mut rest, mut attributes) = (html, 0);
    while !rest.is_empty() && attributes <= MAX_ATTRIBUTES {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK));
        rest = after;
        let tokens = tokenizer.sink.tokens.get();
        queue.push_back(StrTendril::from(chunk));
        // Every other answer of the tokenizer is about scripts and encodings, which do not concern a fragment.
        while !queue.is_empty() {
            let _ = tokenizer.feed(&queue);
        }
        // A tag becomes a token when it ends. Until then it may hold as many attributes as there are separators.
        if tokenizer.sink.tokens.get() != tokens {
            attributes = 0;
        }
        let separates = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'/' | b'"' | b'\'');
        attributes += chunk.bytes().filter(separates).count();
    }
    if attributes <= MAX_ATTRIBUTES {
        tokenizer.end();
    }
    let guard = tokenizer.sink;
    let mut text = guard.text.into_inner();
    text.push_str(rest);
    Outline { costly: guard.costly.get() || attributes > MAX_ATTRIBUTES, text }
}

/// Stands between tokenizer and tree builder: takes the text, and ends the work of the tree builder at the limits.
struct Guard {
    tree: TreeBuilder<Node, Counter>,
    costly: Cell<bool>,
    /// Whether the text belongs to a script or a style sheet.
    hidden: Cell<bool>,
    tokens: Cell<usize>,
    text: RefCell<String>,
}

impl TokenSink for Guard {
    type Handle = Node;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Node> {
        // Errors are told in the middle of a tag.
        if !matches!(token, Token::ParseError(_)) {
            self.tokens.set(self.tokens.get() + 1);
        }
        let mut raw = None;
        match &token {
            Token::CharacterTokens(text) if !self.hidden.get() => self.text.borrow_mut().push_str(text),
            Token::TagToken(tag) => {
                raw = match &*tag.name {
                    "script" => Some(ScriptData),
                    "style" => Some(Rawtext),
                    _ => None,
                }
                .filter(|_| tag.kind == StartTag);
                self.hidden.set(raw.is_some());
                if !super::convert::is_inline(&tag.name) {
                    self.text.borrow_mut().push('\n');
                }
            }
            _ => {}
        }
        if self.costly.get() {
            return raw.map_or(TokenSinkResult::Continue, TokenSinkResult::RawData);
        }
        let result = self.tree.process_token(token, line);
        self.costly.set(self.tree.sink.exceeded.get());
        result
    }

    fn end(&self) {
        if !self.costly.get() {
            self.tree.end();
        }
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        !self.costly.get() && self.tree.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// An element of the tree that is not there.
struct Element {
    name: QualName,
    depth: Cell<usize>,
}

type Node = Rc<Element>;

/// Counts what the tree builder does.
struct Counter {
    document: Node,
    elements: Cell<usize>,
    repairs: Cell<usize>,
    max_elements: usize,
    exceeded: Cell<bool>,
}

impl Default for Counter {
    fn default() -> Self {
        let name = QualName::new(None, ns!(), local_name!(""));
        Self {
            document: Rc::new(Element { name, depth: Cell::new(0) }),
            elements: Cell::new(0),
            repairs: Cell::new(0),
            max_elements: 0,
            exceeded: Cell::new(false),
        }
    }
}

impl Counter {
    fn place(&self, child: NodeOrText<Node>, depth: usize) {
        if let NodeOrText::AppendNode(node) = child {
            node.depth.set(depth);
            if depth > MAX_DEPTH {
                self.exceeded.set(true);
            }
        }
    }

    fn repair(&self) {
        self.repairs.set(self.repairs.get() + 1);
        if self.repairs.get() > MAX_REPAIRS {
            self.exceeded.set(true);
        }
    }
}

impl TreeSink for Counter {
    type Handle = Node;
    type Output = ();
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) {}
    fn parse_error(&self, _: Cow<'static, str>) {}
    fn get_document(&self) -> Node {
        self.document.clone()
    }
    fn elem_name<'a>(&'a self, target: &'a Node) -> ExpandedName<'a> {
        target.name.expanded()
    }
    fn create_element(&self, name: QualName, _: Vec<Attribute>, _: ElementFlags) -> Node {
        self.elements.set(self.elements.get() + 1);
        if self.elements.get() > self.max_elements {
            self.exceeded.set(true);
        }
        Rc::new(Element { name, depth: Cell::new(0) })
    }
    fn create_comment(&self, _: StrTendril) -> Node {
        Rc::clone(&self.document)
    }
    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Node {
        Rc::clone(&self.document)
    }
    fn append(&self, parent: &Node, child: NodeOrText<Node>) {
        self.place(child, parent.depth.get() + 1);
    }
    fn append_based_on_parent_node(&self, element: &Node, before: &Node, child: NodeOrText<Node>) {
        self.repair();
        self.place(child, element.depth.get().max(before.depth.get() + 1));
    }
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn get_template_contents(&self, target: &Node) -> Node {
        Rc::clone(target)
    }
    fn same_node(&self, one: &Node, other: &Node) -> bool {
        Rc::ptr_eq(one, other)
    }
    fn set_quirks_mode(&self, _: QuirksMode) {}
    fn append_before_sibling(&self, sibling: &Node, node: NodeOrText<Node>) {
        self.repair();
        self.place(node, sibling.depth.get());
    }
    fn add_attrs_if_missing(&self, _: &Node, _: Vec<Attribute>) {}
    fn remove_from_parent(&self, _: &Node) {
        self.repair();
    }
    fn reparent_children(&self, _: &Node, _: &Node) {
        self.repair();
    }
}
