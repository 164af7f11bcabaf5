using System.Text.Json;

namespace CityHub.Privacy;

/// <summary>One treatment of a table, with its parameters: a value that a scheme keeps. What it draws or needs at the time of a release (randomness, keys, hierarchies) comes in with the context.</summary>
public abstract class Transform
{
    private protected Transform()
    {
    }

    /// <summary>Its word in a scheme, e.g. <c>mask</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Whether somebody who holds its key or table gets the values back. False says that nobody can from the result alone, not that nobody can guess them.</summary>
    public bool Reversible => TransformCatalogue.Of(Kind).Reversible;

    /// <summary>What the result is still good for.</summary>
    public virtual string Keeps => TransformCatalogue.Of(Kind).Keeps;

    /// <exception cref="PrivacyException">A column is missing, or a parameter or the context does not fit the table.</exception>
    public abstract Table Apply(Table table, TransformContext context);

    /// <summary>The transform that takes this one back, under the same context.</summary>
    /// <exception cref="PrivacyException">It cannot be taken back.</exception>
    public virtual Transform Inverse() => throw new PrivacyRefusal(
        PrivacyCodes.TransformUnusable, $"{Kind} cannot be taken back.", "Where values have to come back, use encryption or pseudonyms with a table.", Kind).ToException();

    /// <summary>Its canonical form.</summary>
    public sealed override string ToString() => TransformCodec.Write(this);

    internal abstract void Write(ParameterWriter into);

    private protected PrivacyException Unusable(string detail, string? hint = null, string? column = null, long? row = null) =>
        new PrivacyRefusal(PrivacyCodes.TransformUnusable, detail, hint, Kind) { Column = column, Row = row }.ToException();
}

/// <summary>What a value becomes. It belongs to one thread.</summary>
public delegate string ValueFunction(string value);

/// <summary>
/// A transform of which each cell of a column depends on that cell alone, so that it works on streams, too. In a table it is computed once for each distinct value. The empty text, a null,
/// stays what it is.
/// </summary>
public abstract class ValueTransform : Transform
{
    private protected ValueTransform(string column) => Column = column;

    public string Column { get; }

    /// <summary>For single values, e.g. of a stream: checks the parameters against the context once.</summary>
    /// <exception cref="PrivacyException">Here, or from the function for a value that does not fit.</exception>
    public ValueFunction Open(TransformContext context)
    {
        var function = Start(context);
        return value => value.Length == 0 ? value : function(value);
    }

    public sealed override Table Apply(Table table, TransformContext context)
    {
        var column = table[Column];
        var function = Open(context);
        var mapped = new string[column.Distinct];
        for (var code = 0; code < mapped.Length; code++)
        {
            try
            {
                mapped[code] = function(column.Values[code]);
            }
            catch (PrivacyException e) when (e.Refusal.Row is null)
            {
                throw new PrivacyException(e.Refusal with { Column = Column, Row = Tables.RowOf(column, code) + 2 }, e);
            }
        }

        return table.With(Tables.Recode(column, mapped));
    }

    private protected abstract ValueFunction Start(TransformContext context);
}
