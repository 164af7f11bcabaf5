namespace CityHub.Privacy;

/// <summary>What a generalisation makes of the table: exact, in whole records and leaves.</summary>
internal sealed class NodeFigures(int attributes)
{
    /// <summary>Records in classes that pass everything.</summary>
    public int Kept;

    /// <summary>Records in classes that no finer generalisation makes fail for sure.</summary>
    public int Alive;

    /// <summary>Classes that pass everything.</summary>
    public int Classes;

    /// <summary>The population has a class that the table has no record of, and a model refuses it: no suppression helps.</summary>
    public bool Beyond;

    /// <summary>For each attribute, over the kept records and over those alive: the leaves of their groups.</summary>
    public readonly long[] KeptLeaves = new long[attributes], AliveLeaves = new long[attributes];
}
