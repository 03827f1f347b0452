//! `application/x-www-form-urlencoded`, read strictly: what a lenient decoder
//! would repair is refused.

use std::borrow::Cow;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

/// More bytes, query and body together, than any client sends.
pub(crate) const LONGEST: usize = u16::MAX as usize;

/// A query or body that cannot be read. Nothing in it is trusted, so it is
/// never answered by a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// More than 65,535 bytes, or too long to be a URL where it has to be one.
    #[error("the request is too long")]
    TooLong,
    /// More than 100 parameters.
    #[error("the request has too many parameters")]
    TooMany,
    /// `%` without two hexadecimal digits behind it.
    #[error("the request has a broken percent-encoding")]
    PercentEncoding,
    /// Bytes that are not UTF-8.
    #[error("the request is not UTF-8")]
    Utf8,
    /// A NUL character.
    #[error("the request has a NUL character")]
    Nul,
    /// The body is not `application/x-www-form-urlencoded`.
    #[error("the request's body must be application/x-www-form-urlencoded")]
    ContentType,
}

/// The body of a POST as text, if its content type is that of a form.
pub(crate) fn form_body<'b>(headers: &HeaderMap, body: &'b [u8]) -> Result<&'b str, Malformed> {
    if body.len() > LONGEST {
        return Err(Malformed::TooLong);
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (Some(value), None) if is_form(value) => {}
        (None, None) if body.is_empty() => {}
        _ => return Err(Malformed::ContentType),
    }
    std::str::from_utf8(body).map_err(|_| Malformed::Utf8)
}

fn is_form(content_type: &HeaderValue) -> bool {
    let media_type = content_type.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    media_type.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

/// The name that `form` begins with; what ended it, and what comes behind that.
pub(super) fn read_name(form: &str) -> Result<(Cow<'_, str>, Option<u8>, &str), Malformed> {
    const STOPS: [u8; 5] = [b'=', b'&', b'%', b'+', 0];
    let (name, from) = split_at_first(form, STOPS);
    match from.bytes().next() {
        Some(b'%' | b'+' | 0) => {
            let mut name = String::new();
            let (rest, end) = read(&mut name, form, STOPS)?;
            Ok((name.into(), end, rest))
        }
        end => Ok((name.into(), end, from.get(1..).unwrap_or_default())),
    }
}

/// Appends the value that `form` begins with; returns what comes behind it.
pub(super) fn read_value<'f>(text: &mut String, form: &'f str) -> Result<&'f str, Malformed> {
    read(text, form, [b'&', b'%', b'+', 0]).map(|(rest, _)| rest)
}

/// Appends what all of `form` spells, a name or value without separators.
pub(super) fn decode(text: &mut String, form: &str) -> Result<(), Malformed> {
    read(text, form, [b'%', b'+', 0]).map(|_| ())
}

/// Appends what `form` spells up to its first separator; returns what comes
/// behind that, and which it was. `stops` are the separators, and `%`, `+` and
/// NUL, which do not spell themselves.
fn read<'f, const N: usize>(
    text: &mut String,
    form: &'f str,
    stops: [u8; N],
) -> Result<(&'f str, Option<u8>), Malformed> {
    let mut rest = form;
    loop {
        let (plain, from) = split_at_first(rest, stops);
        text.push_str(plain);
        let Some(byte) = from.bytes().next() else {
            return Ok(("", None));
        };
        rest = from.get(1..).unwrap_or_default();
        match byte {
            b'+' => text.push(' '),
            b'%' => rest = read_character(text, from)?,
            0 => return Err(Malformed::Nul),
            separator => return Ok((rest, Some(separator))),
        }
    }
}

/// Splits `text` before its first byte that is one of `stops`, all ASCII.
fn split_at_first<const N: usize>(text: &str, stops: [u8; N]) -> (&str, &str) {
    let (chunks, tail) = text.as_bytes().as_chunks();
    let in_chunks = chunks.iter().enumerate().find_map(|(index, chunk)| {
        first_in_chunk(chunk, stops).map(|place| index.saturating_mul(CHUNK).saturating_add(place))
    });
    let in_tail = || tail.iter().position(|byte| stops.contains(byte));
    let chunks_length = chunks.len().saturating_mul(CHUNK);
    let end = in_chunks.or_else(|| in_tail().map(|place| chunks_length.saturating_add(place)));
    text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""))
}

/// As many bytes as processors compare at once.
const CHUNK: usize = 16;

/// Where the first of `stops` is. Nothing branches in between, so that the compiler
/// can compare all bytes at once.
fn first_in_chunk<const N: usize>(chunk: &[u8; CHUNK], stops: [u8; N]) -> Option<usize> {
    let is_stop = |byte: u8| stops.iter().fold(false, |found, stop| found | (byte == *stop));
    let found = u128::from_le_bytes(chunk.map(|byte| u8::from(is_stop(byte))));
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

/// Appends the character that `encoded` begins with, in one to four `%xx`.
fn read_character<'f>(text: &mut String, encoded: &'f str) -> Result<&'f str, Malformed> {
    let (first, mut rest) = read_octet(encoded)?;
    let length = match first {
        0 => return Err(Malformed::Nul),
        0x01..=0x7f => {
            text.push(char::from(first));
            return Ok(rest);
        }
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let mut octets = [first, 0, 0, 0];
    for octet in octets.iter_mut().take(length).skip(1) {
        (*octet, rest) = read_octet(rest)?;
    }
    let spelled = octets.get(..length).unwrap_or_default();
    text.push_str(std::str::from_utf8(spelled).map_err(|_| Malformed::Utf8)?);
    Ok(rest)
}

fn read_octet(encoded: &str) -> Result<(u8, &str), Malformed> {
    let rest = encoded.strip_prefix('%').ok_or(Malformed::Utf8)?;
    let digit =
        |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let Some((&[high, low], _)) = rest.as_bytes().split_first_chunk() else {
        return Err(Malformed::PercentEncoding);
    };
    match (digit(high), digit(low)) {
        (Some(high), Some(low)) => Ok((high << 4 | low, rest.get(2..).unwrap_or_default())),
        _ => Err(Malformed::PercentEncoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(form: &str) -> Result<String, Malformed> {
        let mut text = String::new();
        decode(&mut text, form).map(|()| text)
    }

    #[test]
    fn every_character_reads_back_from_its_encoding() {
        for character in ('\u{1}'..='\u{7ff}').chain(['€', '\u{ffff}', '\u{10000}', '\u{10ffff}'])
        {
            let text = character.to_string();
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            assert_eq!(decoded(&encoded), Ok(text.clone()));
            assert_eq!(decoded(&encoded.to_lowercase()), Ok(text));
        }
        assert_eq!(decoded("a+b%20c%2Bd%2525=&ä"), Ok("a b c+d%25=&ä".into()));
    }

    #[test]
    fn the_first_stop_is_found_wherever_it_stands() {
        for length in 0..40 {
            for place in 0..=length {
                for filler in ["a", "\u{1}", "\u{7f}", "$", "'"] {
                    let text = filler.repeat(place) + &"&".repeat(length - place);
                    let (before, from) = split_at_first(&text, [b'&', b'%', b'+', 0]);
                    assert_eq!((before.len(), from.len()), (place, length - place), "{text:?}");
                }
            }
        }
        assert_eq!(split_at_first("ääääääää&", [b'&']).0, "ääääääää");
    }

    #[test]
    fn what_a_lenient_decoder_would_repair_is_refused() {
        for broken in ["%", "%4", "%zz", "%g0", "%+1", "%1", "%-1", "%%41", "a%4", "%C3%zz"] {
            assert_eq!(decoded(broken), Err(Malformed::PercentEncoding), "{broken}");
        }
        for not_utf8 in [
            "%ff",
            "%C3",
            "%C3x",
            "%80",
            "%c0%80",
            "%ed%a0%80",
            "%f8%80%80%80",
            "%f4%90%80%80",
            "%e2%82",
        ] {
            assert_eq!(decoded(not_utf8), Err(Malformed::Utf8), "{not_utf8}");
        }
        for nul in ["%00", "a\0", "a%00b"] {
            assert_eq!(decoded(nul), Err(Malformed::Nul), "{nul:?}");
        }
    }

    #[test]
    fn only_a_form_is_read_as_one() {
        let body = |types: &[&'static str], body: &'static [u8]| {
            let mut headers = HeaderMap::new();
            for value in types {
                headers.append(CONTENT_TYPE, HeaderValue::from_static(value));
            }
            form_body(&headers, body)
        };
        let form = "application/x-www-form-urlencoded";
        assert_eq!(body(&[form], b"a=b"), Ok("a=b"));
        assert_eq!(body(&["Application/X-WWW-Form-Urlencoded; charset=UTF-8"], b"a=b"), Ok("a=b"));
        assert_eq!(body(&[], b""), Ok(""));
        for types in [
            &[][..],
            &["application/json"],
            &["text/plain"],
            &[form, form],
            &["multipart/form-data"],
        ] {
            assert_eq!(body(types, b"a=b"), Err(Malformed::ContentType), "{types:?}");
        }
        assert_eq!(body(&[form], b"a=\xff"), Err(Malformed::Utf8));
    }
}
