using System.Globalization;
using System.Text;

namespace CityHub.Sharing.OpenData.Dcat;

/// <summary>A graph as Turtle 1.1, each subject once.</summary>
internal static class TurtleWriter
{
    public static string Write(Graph graph)
    {
        var text = new StringBuilder();
        foreach (var (prefix, space) in Names.Prefixes)
            text.Append("@prefix ").Append(prefix).Append(": <").Append(space).Append("> .\n");
        foreach (var subject in graph.Triples.GroupBy(triple => triple.Subject))
        {
            text.Append('\n');
            Put(text, subject.Key);
            var first = true;
            foreach (var predicate in subject.GroupBy(triple => triple.Predicate, StringComparer.Ordinal))
            {
                text.Append(first ? " " : " ;\n  ");
                first = false;
                if (predicate.Key == Names.IsA)
                    text.Append('a');
                else
                    Put(text, Term.Iri(predicate.Key));
                var separator = " ";
                foreach (var triple in predicate)
                {
                    text.Append(separator);
                    Put(text, triple.Object);
                    separator = ", ";
                }
            }

            text.Append(" .\n");
        }

        return text.ToString();
    }

    private static void Put(StringBuilder text, Term term)
    {
        switch (term.Kind)
        {
            case TermKind.Blank:
                text.Append("_:").Append(term.Value);
                break;
            case TermKind.Iri:
                if (Names.Short(term.Value) is { } name)
                    text.Append(name);
                else
                    text.Append('<').Append(term.Value).Append('>');
                break;
            default:
                text.Append('"');
                Escape(text, term.Value);
                text.Append('"');
                if (term.Language is { } language)
                {
                    text.Append('@').Append(language);
                }
                else if (term.Datatype is { } datatype)
                {
                    text.Append("^^");
                    Put(text, Term.Iri(datatype));
                }

                break;
        }
    }

    /// <summary>STRING_LITERAL_QUOTE: quotes, backslashes and control characters are escaped; half of a surrogate pair is no character and becomes U+FFFD.</summary>
    private static void Escape(StringBuilder text, string value)
    {
        foreach (var rune in value.EnumerateRunes())
            switch (rune.Value)
            {
                case '"':
                    text.Append("\\\"");
                    break;
                case '\\':
                    text.Append("\\\\");
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case < 0x20 or 0x7F:
                    text.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:X4}");
                    break;
                default:
                    text.Append(rune.ToString());
                    break;
            }
    }
}
