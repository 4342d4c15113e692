use super::{
    convert::{clean, to_html, to_text},
    *,
};

/// How many elements stand inside each other at most: everything but a closing tag and `<br>` opens one.
fn depth(html: &str) -> usize {
    let (mut depth, mut most) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        if tag.starts_with('/') {
            depth -= 1;
        } else if !tag.starts_with("br>") && !tag.starts_with("hr>") {
            depth += 1;
            most = most.max(depth);
        }
    }
    assert_eq!(depth, 0, "{html}");
    most
}

#[test]
fn markdown_is_shown() {
    let html = to_html("We see **errors** in `api`.\nMore soon: [status](https://example.com/x)\n\n- one\n- two");
    assert!(html.contains("<strong>errors</strong>") && html.contains("<code>api</code>"), "{html}");
    assert!(html.contains("<br>") && html.contains("<li>one</li>"), "{html}");
    assert!(html.contains("rel=\"external nofollow noopener noreferrer\""), "{html}");
}

#[test]
fn nothing_that_does_harm_comes_through() {
    for text in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "<a href=\"javascript:alert(1)\" onclick=\"x()\">x</a>",
        "![x](https://evil.example/pixel.png)",
        "<style>body{display:none}</style>",
        "</textarea><script>alert(1)</script>",
        "<iframe src=https://evil.example></iframe>",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
    ] {
        // Also where only the text is left, because it is nested too deep.
        let deep = format!("{}{text}", "<div>".repeat(100));
        for html in [to_html(text), clean(text), clean(&deep)] {
            // What stands between angle brackets is a tag; all else is text.
            let tags: Vec<_> =
                html.split('<').skip(1).map(|part| part.split('>').next().unwrap_or_default().to_lowercase()).collect();
            for bad in ["script", "img", "style", "iframe", "onclick", "javascript:", "data:"] {
                assert!(!tags.iter().any(|tag| tag.contains(bad)), "{text} became {html}");
            }
        }
    }
}

/// Links are absolute, by http, https or mailto: a relative one means something else on the page, in a feed and in mail.
#[test]
fn relative_and_protocol_relative_links_are_text() {
    for target in ["https://example.com/a?b#c", "http://example.com", "mailto:a@example.com"] {
        for html in [to_html(&format!("[x]({target})")), clean(&format!("<a href=\"{target}\">x</a>"))] {
            assert!(html.contains(&format!("href=\"{target}\"")) && html.contains(">x</a>"), "{html}");
        }
    }
    for target in ["//evil.example", "/\\evil.example", "/path", "path", "?a=b", "#a", "ftp://example.com", "tel:1", ""]
    {
        for html in [to_html(&format!("[x]({target})")), clean(&format!("<a href=\"{target}\">x</a>"))] {
            assert!(!html.contains("href") && html.contains('x'), "{target} became {html}");
        }
    }
}

/// What is nested deeper than the limit keeps its text and loses its markup; what people write keeps both.
#[test]
fn nesting_is_bounded_and_the_text_stays() {
    let quotes = |levels: usize| format!("{}end", "> ".repeat(levels));
    assert_eq!(depth(&to_html(&quotes(20))), 21, "twenty quotations and a paragraph");
    for unit in ["> ", ">", "- ", "1. ", "> - ", "- > ", "+ ", "-\t", "**a *b ", "[a", "> 1) "] {
        let html = to_html(&format!("{}end", unit.repeat(25_000 / unit.len())));
        assert!(depth(&html) <= 32, "{unit}: {}", depth(&html));
        assert!(html.contains("end"), "{unit}");
    }
    let emphasis = format!("{}end{}", "**a *b ".repeat(1_000), " b* a**".repeat(1_000));
    assert!((30..=32).contains(&depth(&to_html(&emphasis))));
    let stairs: String = (0..150).map(|level| format!("{}- {level}\n", "  ".repeat(level))).collect();
    let html = to_html(&stairs);
    assert!(depth(&html) <= 32 && html.contains("149"), "{html}");
}

/// A line across the page may be long, and is no list.
#[test]
fn a_long_rule_is_no_deep_list() {
    for rule in ["- ".repeat(60), "* ".repeat(200), "_ ".repeat(100), "-".repeat(300)] {
        assert_eq!(to_html(&format!("a\n\n{rule}\n\nb")).matches("<hr>").count(), 1, "{rule}");
    }
}

/// The HTML of a message is at most eight times as long as its source, and 16 KiB.
#[test]
fn output_is_bounded() {
    let columns = 2_500;
    let table = format!("{}\n{}\n{}", "|a".repeat(columns), "|-".repeat(columns), "a\n".repeat(6_000));
    let references = format!("[a]: /{}\n\n{}", "&".repeat(12_000), "[a] ".repeat(3_000));
    for source in
        [table, references, "&".repeat(25_000), "<".repeat(25_000), "<aa:>".repeat(5_000), "\n".repeat(25_000)]
    {
        for html in [to_html(&source), clean(&source)] {
            assert!(html.len() <= source.len() * 8 + 16 * 1024, "{} of {}", html.len(), source.len());
        }
    }
    let (long, after) = ("a ".repeat(200_000), "the end");
    let html = to_html(&format!("{long}{after}"));
    assert!(html.len() < 300_000 && html.starts_with("<p>a a") && !html.contains(after));
}

/// HTML of other programs keeps its markup, unless parsing it would take long: then its text is left.
#[test]
fn html_that_is_nested_too_deep_becomes_text() {
    let mail = format!("{}<p>a <b>b</b></p>{}", "<table><tr><td>".repeat(10), "</td></tr></table>".repeat(10));
    assert!(clean(&mail).contains("<p>a <b>b</b></p>") && depth(&clean(&mail)) > 30);
    let picture = format!("<p>a <b>b</b></p><img src=\"data:image/png;base64,{}\">", "QUJD".repeat(10_000));
    assert_eq!(clean(&picture), "<p>a <b>b</b></p>");

    let deep = format!("{}a &amp; &lt;b&gt;<br>c<p>d</p><script>alert(1)</script>", "<div>".repeat(5_000));
    assert_eq!(clean(&deep), "<p>a &amp; &lt;b&gt;<br>\nc<br>\nd</p>\n");
    let numbered = |count: usize, part: fn(usize) -> String| (0..count).map(part).collect::<String>();
    for costly in [
        // Each paragraph opens what was left open in all before it.
        numbered(1_500, |n| format!("<p><b a={n}></p>")),
        format!("<p>{}{}", numbered(30, |n| format!("<b a={n}>")), "<p>x".repeat(5_000)),
        // Each is put in front of the table.
        format!("<table>{}", "<b></b>x<tr></tr>".repeat(1_500)),
        format!("<a {}>", numbered(30_000, |n| format!(" a{n}"))),
    ] {
        let html = clean(&format!("{costly} end"));
        assert!(html.len() < costly.len() * 2, "{} of {}", html.len(), costly.len());
        assert!(depth(&html) <= 1, "{}", &html[..200.min(html.len())]);
    }
}

#[test]
fn text_is_text() {
    assert_eq!(to_text("<p>a &amp; <b>b</b>c</p>\n<p>&lt;c&gt;<br>d</p>"), "a & bc <c> d");
    assert_eq!(
        to_text("<p><a href=\"https://example.com/?a>b&amp;c\" rel=\"x\">a</a>&nbsp;&quot;b&quot; &x; </p><p>c</p>"),
        "a \"b\" &x; c"
    );
    for broken in ["<", "<p", "<a href=\"", "&", "&am", "a<b>", ""] {
        let _ = to_text(broken);
    }
}

/// Only what is of older rules is rendered anew, and an empty message needs no HTML.
#[tokio::test]
async fn messages_of_older_rules_are_rendered_anew() {
    let message = |body: &str, format: &str, version| {
        Message::stored(body.to_owned(), format.to_owned(), "<p>stored</p>".to_owned(), version)
    };
    let mut all = [
        message("*a*", "markdown", 0),
        message("*a*", "markdown", RENDERER_VERSION - 1),
        message("*a*", "markdown", RENDERER_VERSION),
        message("*a*", "markdown", RENDERER_VERSION + 1),
        message("<i>a</i>", "html", 0),
        message("", "markdown", 0),
    ];
    bring_up_to_date(&mut all).await.expect("a renderer");
    let html: Vec<String> = all.into_iter().map(|message| message.into_parts().1).collect();
    let (stored, anew) = ("<p>stored</p>", "<p><em>a</em></p>\n");
    assert_eq!(html, [anew, anew, stored, stored, "<i>a</i>", stored]);
    assert_eq!(render_typed(" *a* ").await.expect("a renderer").html, anew);
    assert_eq!(render_typed(&"a".repeat(25_001)).await.expect("a renderer"), Rendered::default());
}
