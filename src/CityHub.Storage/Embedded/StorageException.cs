using CityHub.Core.Problems;

namespace CityHub.Storage.Embedded;

/// <summary>The store found that it cannot serve a read or a write; <see cref="Problem"/> says what a person can do.</summary>
public sealed class StorageException(Problem problem, Exception? inner = null) : IOException(problem.ToString(), inner)
{
    public Problem Problem { get; } = problem;
}
