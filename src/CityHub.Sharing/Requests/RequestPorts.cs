using CityHub.Core.Problems;
using CityHub.Sharing.Access;

namespace CityHub.Sharing.Requests;

/// <summary>The responsibility list as a grant is held against it.</summary>
public interface IResponsibilities
{
    /// <summary>What the grant gives beyond its item of the list; null: nothing.</summary>
    Problem? Beyond(Grant grant);
}

/// <summary>When a grant was used last.</summary>
public interface IGrantUse
{
    /// <summary>Null: never.</summary>
    DateTimeOffset? LastUse(string grant);
}
