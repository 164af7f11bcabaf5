namespace CityHub.Core.Problems;

/// <summary>
/// One way of saying no: a stable code with the page docs/problems/{code}.md behind it. Declared once, as a static field of the
/// room that refuses; <see cref="Because"/> makes the refusal of one request.
/// </summary>
/// <param name="Code">Kebab-case, stable for ever, the last segment of the RFC 9457 <c>type</c>.</param>
/// <param name="Title">One line, the same for every occurrence.</param>
/// <param name="Status">HTTP status (RFC 9110).</param>
/// <param name="EtsiType">The error type of ETSI GS CIM 009 clause 6.3.2 where an NGSI-LD route answers, e.g. <c>BadRequestData</c>.</param>
public sealed record ProblemKind(string Code, string Title, int Status, string? EtsiType = null)
{
    /// <param name="detail">What was wrong here: names the key, the attribute, the row.</param>
    /// <param name="hint">The way forward.</param>
    /// <param name="rule">The clause, list or setting that refused.</param>
    public Problem Because(string detail, string? hint = null, string? rule = null) => new(this, detail, hint, rule);
}

/// <summary>A refusal: a value, never an exception (house.md, Errors).</summary>
public sealed record Problem(ProblemKind Kind, string Detail, string? Hint = null, string? Rule = null)
{
    public string Code => Kind.Code;

    /// <summary>The row that was wrong, as whoever opens the file counts. With the code and <see cref="Field"/> all that may be said where the detail may not, since it may hold a value.</summary>
    public long? Row { get; init; }

    /// <summary>The column that was wrong, by the name that somebody declared for it: never by what a file says.</summary>
    public string? Field { get; init; }

    public override string ToString() => Hint is null ? $"{Code}: {Detail}" : $"{Code}: {Detail} ({Hint})";
}
