using CityHub.Core.Problems;

namespace CityHub.Context.JsonLd;

/// <summary>Resolves @context values to compiled contexts and keeps the Hosted, Cached and ImplicitlyCreated ones (clause 5.13).</summary>
public sealed class ContextStore
{
    /// <param name="tenant">Empty for the default tenant.</param>
    /// <param name="context">The JSON value of an <c>@context</c> member.</param>
    public ValueTask<Result<LdContext>> ResolveAsync(string tenant, ReadOnlyMemory<byte> context, CancellationToken cancel) => throw new NotSupportedException();

    public ValueTask<Result<LdContext>> ResolveUrlAsync(string tenant, string url, CancellationToken cancel) => throw new NotSupportedException();
}
