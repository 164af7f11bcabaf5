using CityHub.Bench.Fuzz;

namespace CityHub.Tests.Context;

/// <summary>Ten thousand inputs each; <c>cityhub bench fuzz</c> takes a million.</summary>
public sealed class FuzzTests
{
    [Fact]
    public void No_payload_breaks_the_codec() => Holds(CodecFuzz.Run(1, 10_000), 500);

    [Fact]
    public void No_query_breaks_the_parsers_or_gets_two_answers() => Holds(QueryFuzz.Run(1, 10_000), 1_000);

    [Fact]
    public void No_context_breaks_the_compiler_or_loses_a_name() => Holds(ContextFuzz.Run(1, 10_000), 1_000);

    /// <param name="accepted">So many at least, or the mutations only find the first check.</param>
    private static void Holds(FuzzReport report, int accepted)
    {
        Assert.True(report.Failures.Count == 0, string.Join('\n', report.Failures));
        Assert.Equal(10_000, report.Payloads);
        Assert.InRange(report.Accepted, accepted, report.Payloads - accepted);
    }
}
