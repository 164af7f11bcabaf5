using System.Diagnostics.CodeAnalysis;

namespace CityHub.Core.Problems;

/// <summary>Either a value or the <see cref="Problem"/> that refused it.</summary>
public readonly struct Result<T>
{
    private readonly T? _value;

    private Result(T? value, Problem? problem) => (_value, Problem) = (value, problem);

    public Problem? Problem { get; }

    [MemberNotNullWhen(false, nameof(Problem))]
    public bool Ok => Problem is null;

    /// <exception cref="InvalidOperationException">The result is a refusal: look at <see cref="Ok"/> first.</exception>
    public T Value => Problem is null ? _value! : throw new InvalidOperationException($"No value: {Problem}");

    public bool TryGet([MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out Problem? problem)
    {
        (value, problem) = (_value, Problem);
        return Problem is null;
    }

    public Result<TNext> Then<TNext>(Func<T, Result<TNext>> next) => Problem is null ? next(_value!) : Problem;

    public Result<TNext> Map<TNext>(Func<T, TNext> map) => Problem is null ? map(_value!) : Problem;

#pragma warning disable CA2225 // The named alternatives would be `Of` and `No`; the operators are the way these are written everywhere.
    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(Problem problem) => new(default, problem);
#pragma warning restore CA2225
}

/// <summary>The result of a use case that answers nothing but "done".</summary>
public readonly record struct Done
{
    public static readonly Done Value;
}
