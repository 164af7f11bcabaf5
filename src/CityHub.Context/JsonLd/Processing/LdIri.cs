using System.Text;

namespace CityHub.Context.JsonLd.Processing;

/// <summary>
/// IRI references as RFC 3986 clause 5 resolves them, on plain text. System.Uri is of no use here: it normalises case, escapes and dots of what it is given,
/// and JSON-LD compares IRIs character by character.
/// </summary>
internal static class LdIri
{
    /// <summary>Begins with a scheme, as every IRI does, and has nothing that no IRI has.</summary>
    public static bool IsAbsolute(string value)
    {
        var colon = value.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !char.IsAsciiLetter(value[0]))
            return false;
        for (var i = 1; i < colon; i++)
            if (!char.IsAsciiLetterOrDigit(value[i]) && value[i] is not ('+' or '-' or '.'))
                return false;
        for (var i = colon + 1; i < value.Length; i++)
            if (value[i] <= ' ' || value[i] is '<' or '>' or '"' or '{' or '}' or '|' or '\\' or '^' or '`')
                return false;
        return true;
    }

    public static bool IsBlankNode(string value) => value.StartsWith("_:", StringComparison.Ordinal);

    /// <summary>RFC 3986, 5.2.2.</summary>
    public static string Resolve(string? baseIri, string reference)
    {
        if (baseIri is null)
            return reference;
        var r = Parts.Of(reference);
        if (r.Scheme is not null)
            return Compose(r.Scheme, r.Authority, WithoutDots(r.Path), r.Query, r.Fragment);
        var b = Parts.Of(baseIri);
        if (r.Authority is not null)
            return Compose(b.Scheme, r.Authority, WithoutDots(r.Path), r.Query, r.Fragment);
        if (r.Path.Length == 0)
            return Compose(b.Scheme, b.Authority, b.Path, r.Query ?? b.Query, r.Fragment);
        if (r.Path[0] == '/')
            return Compose(b.Scheme, b.Authority, WithoutDots(r.Path), r.Query, r.Fragment);
        var merged = b.Authority is not null && b.Path.Length == 0 ? "/" + r.Path : string.Concat(b.Path.AsSpan(0, b.Path.LastIndexOf('/') + 1), r.Path);
        return Compose(b.Scheme, b.Authority, WithoutDots(merged), r.Query, r.Fragment);
    }

    /// <summary>The shortest way from a base to an IRI of the same authority; the IRI itself where there is none.</summary>
    public static string Relative(string baseIri, string iri)
    {
        var (b, i) = (Parts.Of(baseIri), Parts.Of(iri));
        if (b.Scheme != i.Scheme || b.Authority != i.Authority || i.Scheme is null)
            return iri;
        var from = WithoutDots(b.Path).Split('/');
        var to = WithoutDots(i.Path).Split('/');
        var last = i.Query is null && i.Fragment is null ? 1 : 0; // Without query or fragment the last segment must stay, or nothing would be left.
        var common = 0;
        while (common < from.Length && common < to.Length - last && from[common] == to[common])
            common++;
        var relative = new StringBuilder();
        for (var up = common; up < from.Length - 1; up++)
            relative.Append("../");
        relative.AppendJoin('/', to.AsSpan(common).ToArray());
        if (i.Query is not null)
            relative.Append('?').Append(i.Query);
        if (i.Fragment is not null)
            relative.Append('#').Append(i.Fragment);
        return relative.Length == 0 ? "./" : LdKeywords.HasForm(relative.ToString()) ? "./" + relative : relative.ToString();
    }

    private static string Compose(string? scheme, string? authority, string path, string? query, string? fragment)
    {
        var iri = new StringBuilder();
        if (scheme is not null)
            iri.Append(scheme).Append(':');
        if (authority is not null)
            iri.Append("//").Append(authority);
        iri.Append(path);
        if (query is not null)
            iri.Append('?').Append(query);
        if (fragment is not null)
            iri.Append('#').Append(fragment);
        return iri.ToString();
    }

    /// <summary>RFC 3986, 5.2.4.</summary>
    private static string WithoutDots(string path)
    {
        if (!path.Contains('.', StringComparison.Ordinal))
            return path;
        var output = new List<string>();
        var segments = path.Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            var last = i == segments.Length - 1;
            switch (segments[i])
            {
                case ".":
                    if (last)
                        output.Add("");
                    break;
                case "..":
                    if (output.Count > 1 || (output.Count == 1 && output[0].Length > 0))
                        output.RemoveAt(output.Count - 1);
                    if (last)
                        output.Add("");
                    break;
                default:
                    output.Add(segments[i]);
                    break;
            }
        }

        var result = string.Join('/', output);
        return path[0] == '/' && (result.Length == 0 || result[0] != '/') ? "/" + result : result;
    }

    /// <summary>RFC 3986, appendix B.</summary>
    private readonly record struct Parts(string? Scheme, string? Authority, string Path, string? Query, string? Fragment)
    {
        public static Parts Of(string iri)
        {
            string? scheme = null, authority = null, query = null, fragment = null;
            var end = iri.AsSpan().IndexOfAny(":/?#");
            if (end > 0 && iri[end] == ':')
                (scheme, iri) = (iri[..end], iri[(end + 1)..]);
            var hash = iri.IndexOf('#', StringComparison.Ordinal);
            if (hash >= 0)
                (fragment, iri) = (iri[(hash + 1)..], iri[..hash]);
            var question = iri.IndexOf('?', StringComparison.Ordinal);
            if (question >= 0)
                (query, iri) = (iri[(question + 1)..], iri[..question]);
            if (iri.StartsWith("//", StringComparison.Ordinal))
            {
                var slash = iri.IndexOf('/', 2);
                (authority, iri) = slash < 0 ? (iri[2..], "") : (iri[2..slash], iri[slash..]);
            }

            return new Parts(scheme, authority, iri, query, fragment);
        }
    }
}
