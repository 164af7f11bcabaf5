namespace CityHub.Standards.Models;

/// <summary>One place where a document is not as its schema says.</summary>
/// <param name="Path">JSON pointer (RFC 6901) into the document; empty for the whole.</param>
/// <param name="Keyword">The keyword of the schema that refused, e.g. <c>enum</c>.</param>
/// <param name="Expected">What the keyword asks for, in words.</param>
/// <param name="Found">What stands there, shortened; null when nothing does.</param>
public sealed record SchemaFault(string Path, string Keyword, string Expected, string? Found);
