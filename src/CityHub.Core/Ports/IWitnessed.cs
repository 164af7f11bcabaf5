using CityHub.Core.Problems;

namespace CityHub.Core.Ports;

/// <summary>Has anybody outside seen what is in the log?</summary>
public interface IWitnessed
{
    /// <summary>
    /// Null while every fact that is older than <paramref name="most"/> has been seen by as many witnesses as the policy asks for; else the problem with
    /// which an operation that relies on them refuses (a responsibility list says so, and after how long).
    /// </summary>
    Problem? Unwitnessed(TimeSpan most);
}
